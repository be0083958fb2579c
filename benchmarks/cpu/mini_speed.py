"""How long the embedded model takes for 20 documents of 64 tokens.

usage: python -m benchmarks.cpu.mini_speed [--rounds N]
"""

import argparse
import statistics
import time

from benchmarks.results import table, write_section
from lastly.config import embedded_model
from lastly.ranking.reranker import Reranker
from lastly.search.python_docs import python_documentation
from lastly.types import Candidate, Query, Truncation

QUERY = Query("run a command and capture its output")
DOCUMENTS, TOKENS = 20, 64
LONG = 600  # characters that make more than 64 tokens


def main() -> None:
    """Measure and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--rounds", type=int, default=25)
    rounds = flags.parse_args().rounds
    reranker = Reranker.load(embedded_model())
    passages = [document.passage for document in python_documentation() if len(document.passage) > LONG][:DOCUMENTS]
    candidates = [Candidate(place, passage) for place, passage in enumerate(passages)]
    times = [_timed(reranker, candidates) for _ in range(rounds + 2)][2:]
    tokens = reranker.rank(QUERY, candidates, Truncation(TOKENS, TOKENS)).tokens
    rows = [[f"{tokens}", f"{statistics.median(times):.2f} s", f"{min(times):.2f} s", f"{max(times):.2f} s"]]
    write_section(
        "The embedded model's speed",
        f"python -m benchmarks.cpu.mini_speed --rounds {rounds}",
        f"{table(['tokens', 'median', 'best', 'worst'], rows)}\n\n"
        f"{DOCUMENTS} documents of {TOKENS} tokens, {rounds} rounds. Target: 0.3 s on 2 cores.",
        ["onnxruntime", "tokenizers"],
    )


def _timed(reranker: Reranker, candidates: list[Candidate]) -> float:
    started = time.perf_counter()
    reranker.rank(QUERY, candidates, Truncation(TOKENS, TOKENS))
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
