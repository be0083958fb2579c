"""What the core costs beside the model: everything but `session.run`, for a rerank of about 2,048 tokens.

usage: python -m benchmarks.engines.core_overhead [--model FOLDER] [--rounds N]
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.results import table, write_section
from lastly.config import embedded_model
from lastly.graph.session import Run
from lastly.ranking.reranker import Reranker
from lastly.search.python_docs import python_documentation
from lastly.types import BlockEmbeddings, Candidate, Encoding, Query

TOKENS = 2_048
QUERY = Query("run a command and capture its output")


class Watch:
    """Stands around a session and adds up its time."""

    def __init__(self, reranker: Reranker) -> None:
        self._run = reranker.session.run
        self.seconds = 0.0
        reranker.session.run = self.run  # type: ignore[method-assign]

    def run(self, encodings: Sequence[Encoding], run: Run | None = None) -> list[BlockEmbeddings]:
        """Run the session, timed."""
        started = time.perf_counter()
        try:
            return self._run(encodings, run)
        finally:
            self.seconds += time.perf_counter() - started


def main() -> None:
    """Measure and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--model", type=Path, default=embedded_model())
    flags.add_argument("--rounds", type=int, default=15)
    options = flags.parse_args()
    reranker = Reranker.load(options.model)
    candidates = _candidates(reranker)
    watch = Watch(reranker)
    rounds = [_round(reranker, watch, candidates) for _ in range(options.rounds + 2)][2:]
    share = statistics.median(1 - inside / whole for whole, inside in rounds)
    tokens = reranker.rank(QUERY, candidates).tokens
    rows = [
        [
            reranker.manifest.name,
            f"{tokens}",
            f"{len(candidates)}",
            f"{statistics.median(whole for whole, _ in rounds) * 1000:.0f} ms",
            f"{statistics.median(whole - inside for whole, inside in rounds) * 1000:.1f} ms",
            f"{share:.1%}",
        ]
    ]
    body = table(["model", "tokens", "documents", "rerank", "all but `session.run`", "share"], rows)
    write_section(
        "The core's own overhead",
        f"python -m benchmarks.engines.core_overhead --rounds {options.rounds}",
        f"{body}\n\nMedian of {options.rounds} rounds. Target: under 5 %.",
        ["onnxruntime", "tokenizers"],
    )


def _round(reranker: Reranker, watch: Watch, candidates: list[Candidate]) -> tuple[float, float]:
    watch.seconds = 0.0
    started = time.perf_counter()
    reranker.rank(QUERY, candidates)
    return time.perf_counter() - started, watch.seconds


def _candidates(reranker: Reranker) -> list[Candidate]:
    """Take documents until the prompt holds about 2,048 tokens."""
    candidates: list[Candidate] = []
    for place, document in enumerate(python_documentation()[::7]):
        candidates.append(Candidate(place, document.passage))
        encodings = reranker.encode(QUERY, candidates, reranker.manifest.truncation)
        if sum(len(encoding.input_ids) for encoding in encodings) >= TOKENS:
            break
    return candidates


if __name__ == "__main__":
    main()
