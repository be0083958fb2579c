"""nDCG@10 of a model folder as it is served (number type, blocks and all), on a sample of the dev queries.

`python -m training.served FOLDER DATA --sample 40` prints a line a set; `training.evaluate` measures checkpoints.
"""

import argparse
import random
import statistics
import time
from pathlib import Path

from lastly.reranker import Reranker
from lastly.types import Candidate, Query
from training.data import Collection, read_collections
from training.evaluate import DEV_SETS
from training.lists import BM25
from training.metrics import ndcg
from training.prepared import CANDIDATES


def main() -> None:
    """Measure the named sets, all of them by default."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("folder", type=Path)
    flags.add_argument("data", type=Path)
    flags.add_argument("--sample", type=int, default=40, help="queries a set, drawn with seed 0")
    flags.add_argument("--sets", nargs="+", default=DEV_SETS)
    options = flags.parse_args()
    reranker = Reranker.load(options.folder)
    for collection in read_collections(options.data, "dev", options.sets):
        started = time.perf_counter()
        queries = _sample(collection, options.sample)
        first, reranked = _measure(reranker, collection, queries)
        seconds = time.perf_counter() - started
        print(f"{collection.name} {len(queries)} queries: BM25 {first:.1f}, reranked {reranked:.1f}, {seconds:.0f} s")


def _sample(collection: Collection, size: int) -> list[int]:
    judged = collection.judgements["dev"]
    queries = [query for query, gains in judged.items() if any(gain > 0 for gain in gains.values())]
    random.Random(0).shuffle(queries)  # noqa: S311
    return sorted(queries[:size])


def _measure(reranker: Reranker, collection: Collection, queries: list[int]) -> tuple[float, float]:
    """Give mean nDCG@10 in points, of the first stage and of the reranked lists."""
    judged = collection.judgements["dev"]
    found = BM25(collection.documents).top([collection.queries[query] for query in queries], CANDIDATES)
    first, reranked = [], []
    for query, rows in zip(queries, found, strict=True):
        candidates = [Candidate(place, collection.documents[row]) for place, row in enumerate(rows.tolist())]
        ranking = reranker.rank(Query(collection.queries[query]), candidates)
        first.append(ndcg(rows.tolist(), judged[query]))
        reranked.append(ndcg([int(rows[result.index]) for result in ranking.results], judged[query]))
    return 100 * statistics.mean(first), 100 * statistics.mean(reranked)


if __name__ == "__main__":
    main()
