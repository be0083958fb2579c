"""nDCG@10 of a model folder as it is served (number type, blocks and all), on a sample of the dev queries.

`python -m lastly_training.mini.served FOLDER DATA --sample 40` prints a line a set and the mean; `--shuffles 5` reads
the candidates in five random orders too, `--teacher minilm` ranks the same lists by a sentence-embedding model.
`lastly_training.loop.evaluate` measures checkpoints.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np

from lastly.ranking.reranker import Reranker
from lastly.types import Candidate, LongDocuments, Query, Truncation
from lastly_training.data.dev_sets import DevSet, read_dev_sets
from lastly_training.loop.evaluate import rerank_by_teacher
from lastly_training.teachers.teacher import named_teacher


def main() -> None:
    """Measure the named sets, all of them by default."""
    options = _flags().parse_args()
    teacher = named_teacher(options.teacher, "cpu") if options.teacher else None
    reranked = _reranking(options)
    measured, by_teacher = [], []
    for dev in read_dev_sets(options.data, options.sample, options.sets):
        started = time.perf_counter()
        measured.append(_points(dev, reranked, options.shuffles))
        took = f"{len(dev.queries)} queries, {time.perf_counter() - started:.0f} s"
        print(f"{dev.name}: {_told(measured[-1])} ({took})", flush=True)
        if teacher:
            by_teacher.append(100 * dev.mean_ndcg(rerank_by_teacher(dev, teacher)))
            print(f"{dev.name}: {teacher.name} {by_teacher[-1]:.1f}", flush=True)
    print(f"mean: {_told([float(np.mean(column)) for column in zip(*measured, strict=True)])}")
    if teacher:
        print(f"mean: {teacher.name} {np.mean(by_teacher):.1f}")


def _flags() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("folder", type=Path)
    flags.add_argument("data", type=Path)
    flags.add_argument("--sample", type=int, default=40, help="queries a set at most, drawn with seed 0")
    flags.add_argument("--sets", nargs="+")
    flags.add_argument("--shuffles", type=int, default=0)
    flags.add_argument(
        "--long-documents", choices=get_args(LongDocuments), help="what is read of them (the model's own)"
    )
    flags.add_argument("--max-block-tokens", type=int, default=0, help="tokens of one context (0: the model's own)")
    flags.add_argument("--lexical-weight", type=float, help="share of a score that words make (the model's own)")
    flags.add_argument("--teacher", help="a model to rank by too: a folder, or `minilm`")
    return flags


def _reranking(options: argparse.Namespace) -> Callable[[DevSet], list[list[int]]]:
    """Load the model to rerank by, as it is told to read and to count."""
    reranker = Reranker.load(options.folder, max_block_tokens=options.max_block_tokens)
    truncation = reranker.manifest.truncation
    if options.long_documents:
        truncation = replace(truncation, long_documents=options.long_documents)
    return partial(_reranked, reranker, truncation, options.lexical_weight)


def _points(dev: DevSet, reranked: Callable[[DevSet], list[list[int]]], shuffles: int) -> list[float]:
    """BM25's, the model's, and the model's on candidates in random orders."""
    found = [dev.candidates, reranked(dev), *(reranked(dev.shuffled(seed)) for seed in range(shuffles))]
    return [100 * dev.mean_ndcg(rankings) for rankings in found]


def _reranked(reranker: Reranker, truncation: Truncation, lexical_weight: float | None, dev: DevSet) -> list[list[int]]:
    found = []
    for query, rows in zip(dev.query_texts, dev.candidates, strict=True):
        candidates = [Candidate(place, dev.collection.documents[row]) for place, row in enumerate(rows)]
        ranking = reranker.rank(Query(query), candidates, truncation, lexical_weight)
        found.append([rows[result.index] for result in ranking.results])
    return found


def _told(points: list[float]) -> str:
    bm25, model, *mixed = points
    shuffled = f", shuffled {np.mean(mixed):.1f} ({min(mixed):.1f} to {max(mixed):.1f})" if mixed else ""
    return f"BM25 {bm25:.1f}, reranked {model:.1f}{shuffled}"


if __name__ == "__main__":
    main()
