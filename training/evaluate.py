"""nDCG@10 of the dev sets: BM25's best 50, and the same lists reranked by the model and by the teacher.

`python -m training.evaluate CHECKPOINT DATA` prints a table.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.utils.rnn import pad_sequence

from training.checkpoint import Checkpoint
from training.data import Collection, read_collections
from training.lists import BM25, FloatArray
from training.metrics import ndcg
from training.model import ListwiseReranker, cosines
from training.prepared import CANDIDATES, encode, plain_tokenizer
from training.teacher import Teacher, named_teacher
from training.template import MAX_DOC_LENGTH, MAX_QUERY_LENGTH, Prompt

_TOKENS = 65_536  # of the prompts that share a run
_SHUFFLES = 5
DEV_SETS = ["cranfield", "med", "time", "trecqa", "conala", "tydiqa-goldp-english", "wikiqa", "codenn-python"]


@dataclass
class DevSet:
    """A dev set's judged queries with their candidate rows, tokenised."""

    collection: Collection
    queries: list[int]
    candidates: list[list[int]]
    query_tokens: list[list[int]]
    document_tokens: list[list[int]]

    @classmethod
    def read(cls, collection: Collection, tokenizer: Tokenizer, sample: int | None = None) -> "DevSet":
        """Search every dev query that has a relevant document, or `sample` of them."""
        queries = list(collection.relevant("dev"))
        if sample and len(queries) > sample:
            queries = sorted(random.Random(0).sample(queries, sample))  # noqa: S311
        texts = [collection.queries[query] for query in queries]
        found = BM25(collection.documents).top(texts, CANDIDATES)
        return cls(
            collection,
            queries,
            [rows.tolist() for rows in found],
            encode(tokenizer, texts, MAX_QUERY_LENGTH),
            encode(tokenizer, collection.documents, MAX_DOC_LENGTH),
        )

    def mean_ndcg(self, rankings: Sequence[Sequence[int]]) -> float:
        """Average over the queries."""
        gains = self.collection.judgements["dev"]
        return float(np.mean([ndcg(rows, gains[query]) for query, rows in zip(self.queries, rankings, strict=True)]))


def rerank(dev: DevSet, model: ListwiseReranker, device: str, shuffle: random.Random | None = None) -> list[list[int]]:
    """Order every query's candidates by the model; `shuffle` mixes them first."""
    read = [list(rows) for rows in dev.candidates]
    if shuffle:
        for rows in read:
            shuffle.shuffle(rows)
    prompts = [
        model.template.prompt(query, [dev.document_tokens[row] for row in rows])
        for query, rows in zip(dev.query_tokens, read, strict=True)
    ]
    scores = _score(model, prompts, device)
    return [[rows[place] for place in np.argsort(-one, kind="stable")] for rows, one in zip(read, scores, strict=True)]


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
    documents = teacher.embed_documents(dev.collection.documents).float()
    queries = teacher.embed_queries([dev.collection.queries[query] for query in dev.queries]).float()
    return [
        [rows[place] for place in (documents[rows] @ query).argsort(descending=True).tolist()] if rows else []
        for query, rows in zip(queries, dev.candidates, strict=True)
    ]


def read_dev_sets(data: Path, tokenizer: Tokenizer, sample: int | None = None) -> list[DevSet]:
    """Read those of `DEV_SETS` that the folder holds, or else every set with dev judgements."""
    present = [name for name in DEV_SETS if (data / name).is_dir()]
    try:
        collections = read_collections(data, "dev", present or None)
    except FileNotFoundError:  # a training may go without
        collections = []
    return [DevSet.read(collection, tokenizer, sample) for collection in collections]


def report(
    dev_sets: Sequence[DevSet],
    model: ListwiseReranker,
    device: str,
    teachers: Sequence[Teacher],
    shuffles: int = _SHUFFLES,
) -> dict[str, dict[str, float]]:
    """Give nDCG@10 by set and ranker, teachers too, and the mean.

    "spread" is the deviation over `shuffles` random orders.
    """
    rows: dict[str, dict[str, float]] = {}
    for dev in dev_sets:
        row = {"BM25": dev.mean_ndcg(dev.candidates), "model": dev.mean_ndcg(rerank(dev, model, device))}
        shuffled = [dev.mean_ndcg(rerank(dev, model, device, random.Random(seed))) for seed in range(shuffles)]  # noqa: S311
        if shuffled:
            row |= {"shuffled": float(np.mean(shuffled)), "spread": float(np.std(shuffled))}
        row |= {teacher.name: dev.mean_ndcg(rerank_by_teacher(dev, teacher)) for teacher in teachers}
        rows[dev.collection.name] = row
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
    dev_sets = read_dev_sets(arguments.data, plain_tokenizer(checkpoint.tokenizer))
    teachers = [named_teacher(name, device) for name in arguments.teacher]
    print(table(report(dev_sets, model, device, teachers)))


if __name__ == "__main__":
    main()
