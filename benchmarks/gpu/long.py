"""Part 5: memory over the length up to 131,072 tokens in one block, and what random lengths leave behind."""

import gc
import time
from typing import Any

import numpy as np

from benchmarks.gpu.part import Part, differences, encoding, run
from benchmarks.gpu.watch import used, watch
from lastly.graph.session import Run, Session
from lastly.ranking.scoring import cosine
from lastly.types import Encoding


def work(part: Part) -> None:
    """Measure; the long scores are compared with transformers in bf16 at the end, after memory was read."""
    read = used(part.device)
    empty = read()
    folder = part.folder(part.dtypes[0])
    session = part.session(folder, kept_tokens=0)  # every run gives its memory back, so that each peak is its own
    vocabulary = folder.manifest.vocabulary_size
    session.run([encoding(64, vocabulary)])
    part.note("weights and context", read() - empty)
    answers: dict[int, tuple[Encoding, np.ndarray]] = {}
    for length in part.lengths(8192, 32768, 131072, 65537, 16384, 98304):
        with part.step(f"memory {length}"):
            prompt = encoding(length, vocabulary, 125)
            part.note(f"memory {length}", _measured(session, prompt, read, answers))
    with part.step("random lengths"):
        part.note("random lengths", _random_lengths(part, read, vocabulary))
    del session
    gc.collect()
    with part.step("long parity"):
        _parity(part, answers)


def _measured(session: Session, prompt: Encoding, read: Any, answers: dict[int, Any]) -> dict[str, Any]:
    session.run([prompt], Run())
    with watch(read) as peak:
        started = time.perf_counter()
        block = session.run([prompt], Run())[0]
        seconds = time.perf_counter() - started
    found = cosine(block.query, block.documents)
    answers[len(prompt.input_ids)] = prompt, found
    return {
        "seconds": seconds,
        "activations": peak.most - peak.before,
        "left afterwards": peak.after - peak.before,
        "finite": bool(np.isfinite(found).all()),
    }


def _random_lengths(part: Part, read: Any, vocabulary: int) -> dict[str, Any]:
    """As served: memory is kept up to 32,768 tokens; 300 random lengths must not add up."""
    session = part.session(part.folder(part.dtypes[0]))
    shapes = [shape for shape in session.shapes(part.lengths(32768)[0]) if shape[0] == 1]
    for shape in shapes:
        session.warm(shape)
    before, rng = read(), np.random.default_rng(0)
    count, started = (20 if part.tiny else 300), time.perf_counter()
    for _ in range(count):
        session.run([encoding(int(2 ** rng.uniform(6, np.log2(part.lengths(32768)[0]))), vocabulary)])
        if time.perf_counter() - started > 25:
            break
    return {"warmed": len(shapes), "after warm-up": before, "grown by": read() - before, "runs": count}


def _parity(part: Part, answers: dict[int, tuple[Encoding, np.ndarray]]) -> None:
    import torch

    from benchmarks.gpu.reference import Published

    published = Published(part, "bf16" if part.cuda else "fp32")
    for length in sorted(answers, key=lambda length: length != max(answers)):
        prompt, found = answers[length]
        with part.step(f"parity {length}"):
            if part.cuda:
                torch.cuda.reset_peak_memory_stats()
                held = torch.cuda.memory_allocated()
            published.run(prompt)
            started = time.perf_counter()
            wanted = published.run(prompt)
            seconds = time.perf_counter() - started
            memory = torch.cuda.max_memory_allocated() - held if part.cuda else 0
            reference = {"transformers seconds": seconds, "transformers activations": memory}
            part.note(f"parity {length}", differences(found, wanted) | reference)


if __name__ == "__main__":
    run(work)
