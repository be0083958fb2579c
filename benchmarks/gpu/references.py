"""Part: strong references for throughput: transformers with SDPA on padded batches, and compiled."""

import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.gpu.part import Part, encoding, run
from benchmarks.gpu.reference import Published
from lastly.types import Encoding

_TOKENS = (2430, 2580)  # of a list of 20 documents of 100 tokens
_BATCH = 14


def work(part: Part) -> None:
    """Measure lists a second, token ids given, scores on the host; the padding is part of it."""
    published = Published(part, "bf16" if part.cuda else "fp32")
    vocabulary = part.folder(part.dtypes[0]).manifest.vocabulary_size
    low, high = part.lengths(*_TOKENS)
    lengths = np.random.default_rng(0).integers(low, max(high, low + 1), _BATCH)
    prompts = [encoding(int(length), vocabulary, 20, seed) for seed, length in enumerate(lengths)]
    with part.step("batched"):
        part.note("batched", _measured(published, prompts))
    if not part.cuda:
        return  # the compiler wants C++ and minutes there
    with part.step("compiled"):
        started = time.monotonic()
        published.compile()
        published.run_batch(prompts)
        part.note("compiled", _measured(published, prompts) | {"seconds to compile": time.monotonic() - started})
    for length in (2048, 512):
        with part.step(f"compiled {length}"):
            part.note(f"compiled {length}", _measured(published, [encoding(length, vocabulary)]))


def _measured(published: Published, prompts: Sequence[Encoding]) -> dict[str, Any]:
    times = []
    for _ in range(13):
        started = time.perf_counter()
        published.run_batch(prompts)
        times.append(time.perf_counter() - started)
    seconds = statistics.median(times[3:])
    return {"lists": len(prompts), "ms": 1e3 * seconds, "lists per second": len(prompts) / seconds}


if __name__ == "__main__":
    run(work)
