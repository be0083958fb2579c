"""nDCG@10 of the dev sets: BM25's best 50, and the same lists reranked by the model and by the teacher.

`python -m lastly_training.loop.evaluate CHECKPOINT DATA` prints a table.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.utils.rnn import pad_sequence

from lastly.ranking.steps import finish
from lastly.ranking.tokenization import plain_tokenizer
from lastly.ranking.truncation import Truncator
from lastly_training.data.dev_sets import DevSet, read_dev_sets
from lastly_training.data.prepared import encode
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.model.reranker import ListwiseReranker, cosines
from lastly_training.teachers.teacher import Teacher, named_teacher
from lastly_training.text.bm25 import FloatArray
from lastly_training.text.template import MAX_DOC_LENGTH, MAX_QUERY_LENGTH, Prompt, Template

_TOKENS = 65_536  # of the prompts that share a run
_SHUFFLES = 5


@dataclass(frozen=True)
class Tokens:
    """A dev set's texts as a model reads them: queries in their order, each one's documents by row."""

    queries: list[list[int]]
    documents: list[dict[int, list[int]]]

    @classmethod
    def of(cls, dev: DevSet, tokenizer: Tokenizer) -> "Tokens":
        """Tokenise with a tokenizer that knows no control token; shuffled candidates need no other."""
        truncator, texts = Truncator(tokenizer), dev.collection.documents
        documents = []
        for query, rows in zip(dev.query_texts, dev.candidates, strict=True):
            read = [text for text, _ in finish(truncator.excerpts(query, [texts[row] for row in rows], MAX_DOC_LENGTH))]
            documents.append(dict(zip(rows, encode(tokenizer, read, MAX_DOC_LENGTH), strict=True)))
        return cls(encode(tokenizer, dev.query_texts, MAX_QUERY_LENGTH), documents)

    def prompts(self, dev: DevSet, template: Template) -> list[Prompt]:
        """Put each query's candidates into one prompt."""
        return [
            template.prompt(query, [documents[row] for row in rows])
            for query, documents, rows in zip(self.queries, self.documents, dev.candidates, strict=True)
        ]


def rerank(dev: DevSet, tokens: Tokens, model: ListwiseReranker, device: str) -> list[list[int]]:
    """Order every query's candidates by the model."""
    scores = _score(model, tokens.prompts(dev, model.template), device)
    return [ordered(rows, one) for rows, one in zip(dev.candidates, scores, strict=True)]


def ordered(rows: Sequence[int], scores: FloatArray) -> list[int]:
    """Sort rows by falling score; ties stay in their order."""
    return [rows[place] for place in np.argsort(-scores, kind="stable")]


def _score(model: ListwiseReranker, prompts: Sequence[Prompt], device: str) -> list[FloatArray]:
    """Score each prompt's documents; prompts of like length share a run."""
    scores = [np.zeros(0, np.float32)] * len(prompts)
    order = sorted(
        (place for place, prompt in enumerate(prompts) if prompt.documents), key=lambda p: len(prompts[p].ids)
    )
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * len(prompts[order[end]].ids) <= _TOKENS:
            end += 1
        for place, row in zip(
            order[start:end], _run(model, [prompts[p] for p in order[start:end]], device), strict=True
        ):
            scores[place] = row[: len(prompts[place].documents)]
        start = end
    return scores


@torch.inference_mode()
def _run(model: ListwiseReranker, prompts: Sequence[Prompt], device: str) -> FloatArray:
    ids = _padded([prompt.ids for prompt in prompts], device)
    documents = _padded([prompt.documents for prompt in prompts], device)
    queries = torch.tensor([[prompt.query] for prompt in prompts], device=device)
    eager = torch.compiler.set_stance("force_eager")  # each kind of call would be compiled anew
    with eager, torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        embedded, marks = model(ids, documents, queries)
    scored: FloatArray = cosines(embedded, marks[:, -1]).cpu().numpy()
    return scored


def _padded(rows: Sequence[Sequence[int]], device: str) -> torch.Tensor:
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True).to(device)


def rerank_by_teacher(dev: DevSet, teacher: Teacher) -> list[list[int]]:
    """Order every query's candidates by the cosine of the teacher's embeddings."""
    wanted = sorted({row for rows in dev.candidates for row in rows})
    place = {row: number for number, row in enumerate(wanted)}
    documents = teacher.embed_documents([dev.collection.documents[row] for row in wanted]).float()
    queries = teacher.embed_queries(dev.query_texts).float()
    return [
        ordered(rows, (documents[[place[row] for row in rows]] @ query).cpu().numpy())
        for query, rows in zip(queries, dev.candidates, strict=True)
    ]


def report(
    dev_sets: Sequence[tuple[DevSet, Tokens]],
    model: ListwiseReranker,
    device: str,
    teachers: Sequence[Teacher],
    shuffles: int = _SHUFFLES,
) -> dict[str, dict[str, float]]:
    """Return nDCG@10 by set and ranker, teachers too, and the mean.

    "spread" is the deviation over `shuffles` random orders.
    """
    rows: dict[str, dict[str, float]] = {}
    for dev, tokens in dev_sets:
        row = {"BM25": dev.mean_ndcg(dev.candidates), "model": dev.mean_ndcg(rerank(dev, tokens, model, device))}
        mixed = [dev.shuffled(seed) for seed in range(shuffles)]
        shuffled = [dev.mean_ndcg(rerank(one, tokens, model, device)) for one in mixed]
        if shuffled:
            row |= {"shuffled": float(np.mean(shuffled)), "spread": float(np.std(shuffled))}
        row |= {teacher.name: dev.mean_ndcg(rerank_by_teacher(dev, teacher)) for teacher in teachers}
        rows[dev.name] = row
    if not rows:
        return {}
    rows["mean"] = {key: float(np.mean([row[key] for row in rows.values()])) for key in next(iter(rows.values()))}
    return rows


def table(rows: dict[str, dict[str, float]]) -> str:
    """Write the report in Markdown, in points."""
    if not rows:
        return "no dev judgements: not evaluated"
    columns = list(rows["mean"])
    lines = ["| set | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(f"{100 * row[key]:.1f}" for key in columns) + " |" for name, row in rows.items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--teacher", nargs="*", default=["minilm"], help="folders, or `minilm` (%(default)s)")
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    checkpoint = Checkpoint.load(arguments.checkpoint)
    model = ListwiseReranker(checkpoint).to(device).eval()
    teachers = [named_teacher(name, device) for name in arguments.teacher]
    tokenizer = plain_tokenizer(checkpoint.tokenizer)
    dev_sets = [(dev, Tokens.of(dev, tokenizer)) for dev in read_dev_sets(arguments.data)]
    print(table(report(dev_sets, model, device, teachers)))


if __name__ == "__main__":
    main()
