"""The dev sets: a collection's judged queries, each with the candidates that a ranker is to order."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lastly_training.data.beir import Collection, read_collections
from lastly_training.data.metrics import ndcg
from lastly_training.data.prepared import CANDIDATES
from lastly_training.text.bm25 import BM25

DEV_SETS = ["cranfield", "med", "time", "trecqa", "conala", "tydiqa-goldp-english", "wikiqa", "codenn-python"]


@dataclass(frozen=True)
class DevSet:
    """Queries (rows of the collection's) and the rows of each one's candidates, BM25's best first."""

    collection: Collection
    queries: list[int]
    candidates: list[list[int]]

    @classmethod
    def read(cls, collection: Collection, sample: int | None = None) -> "DevSet":
        """Search every dev query that has a relevant document, or `sample` of them, drawn with seed 0."""
        queries = list(collection.relevant("dev"))
        if sample and len(queries) > sample:
            queries = sorted(random.Random(0).sample(queries, sample))  # noqa: S311
        found = BM25(collection.documents).top([collection.queries[query] for query in queries], CANDIDATES)
        return cls(collection, queries, [rows.tolist() for rows in found])

    @property
    def name(self) -> str:
        """The collection's."""
        return self.collection.name

    @property
    def query_texts(self) -> list[str]:
        """The queries' texts, in their order."""
        return [self.collection.queries[query] for query in self.queries]

    def shuffled(self, seed: int) -> "DevSet":
        """The same with the candidates of each query in a random order."""
        order = random.Random(seed)  # noqa: S311
        return replace(self, candidates=[order.sample(rows, len(rows)) for rows in self.candidates])

    def mean_ndcg(self, rankings: Sequence[Sequence[int]]) -> float:
        """Average nDCG@10 over the queries."""
        gains = self.collection.judgements["dev"]
        return float(np.mean([ndcg(rows, gains[query]) for query, rows in zip(self.queries, rankings, strict=True)]))


def read_dev_sets(data: Path, sample: int | None = None, names: list[str] | None = None) -> list[DevSet]:
    """Read the sets that are named, or those of `DEV_SETS` that the folder holds, or else all with dev judgements."""
    names = names or [name for name in DEV_SETS if (data / name).is_dir()] or None
    return [DevSet.read(collection, sample) for collection in read_collections(data, "dev", names)]
