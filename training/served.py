"""nDCG@10 of a model folder as it is served (number type, blocks and all), on a sample of the dev queries.

`python -m training.served FOLDER DATA --sample 40` prints a line a set; `--shuffles 5` reads the candidates in five
random orders too. `training.evaluate` measures checkpoints.
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

Rankings = dict[int, list[int]]  # documents' rows by query, best first


def main() -> None:
    """Measure the named sets, all of them by default."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("folder", type=Path)
    flags.add_argument("data", type=Path)
    flags.add_argument("--sample", type=int, default=40, help="queries a set, drawn with seed 0")
    flags.add_argument("--sets", nargs="+", default=DEV_SETS)
    flags.add_argument("--shuffles", type=int, default=0)
    options = flags.parse_args()
    reranker = Reranker.load(options.folder)
    for collection in read_collections(options.data, "dev", options.sets):
        started = time.perf_counter()
        lists = _lists(collection, options.sample)
        measured = f"{collection.name} {len(lists)} queries: BM25 {_points(collection, lists):.1f}"
        measured += f", reranked {_points(collection, _reranked(reranker, collection, lists)):.1f}"
        mixed = [
            _points(collection, _reranked(reranker, collection, _mixed(lists, n))) for n in range(options.shuffles)
        ]
        if mixed:
            measured += f", shuffled {statistics.mean(mixed):.1f} ({min(mixed):.1f} to {max(mixed):.1f})"
        print(f"{measured}, {time.perf_counter() - started:.0f} s", flush=True)


def _lists(collection: Collection, size: int) -> Rankings:
    """BM25's best documents of a sample of the queries."""
    queries = list(collection.relevant("dev"))
    random.Random(0).shuffle(queries)  # noqa: S311
    queries = sorted(queries[:size])
    found = BM25(collection.documents).top([collection.queries[query] for query in queries], CANDIDATES)
    return {query: rows.tolist() for query, rows in zip(queries, found, strict=True)}


def _mixed(lists: Rankings, seed: int) -> Rankings:
    order = random.Random(seed)  # noqa: S311
    return {query: order.sample(rows, len(rows)) for query, rows in lists.items()}


def _reranked(reranker: Reranker, collection: Collection, lists: Rankings) -> Rankings:
    found = {}
    for query, rows in lists.items():
        candidates = [Candidate(place, collection.documents[row]) for place, row in enumerate(rows)]
        ranking = reranker.rank(Query(collection.queries[query]), candidates)
        found[query] = [rows[result.index] for result in ranking.results]
    return found


def _points(collection: Collection, lists: Rankings) -> float:
    """Mean nDCG@10 in points."""
    judged = collection.judgements["dev"]
    return 100 * statistics.mean(ndcg(rows, judged[query]) for query, rows in lists.items())


if __name__ == "__main__":
    main()
