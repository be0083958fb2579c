"""Part: where a batch's time goes: the host, the kernels by kind, and what batches of several sizes cost a list."""

import statistics
import time
from typing import Any

from benchmarks.gpu.part import Part, encoding, run
from lastly.graph.session import Session
from lastly.types import Encoding

_TOKENS = 2560
_ROWS = (1, 2, 4, 8, 11, 12)
_KINDS = {
    "attention": ("sdpa", "fmha", "flash"),
    "products": ("nvjet", "gemm", "cutlass", "xmma", "splitK"),
    "RotaryHeads": ("RotaryHeads",),
    "GatedSilu": ("GatedSilu",),
    "norms": ("LayerNorm",),
    "copies": ("Memcpy", "Memset"),
}


def work(part: Part) -> None:
    """Measure lists of one length, together and alone."""
    folder = part.folder(part.dtypes[0])
    session, vocabulary = part.session(folder), folder.manifest.vocabulary_size
    for rows in _ROWS:
        with part.step(f"batch {rows}"):
            prompts = [encoding(part.lengths(_TOKENS)[0], vocabulary, 20, seed) for seed in range(rows)]
            session.warm((rows, len(prompts[0].input_ids)))
            part.note(f"batch {rows}", _measured(part, session, prompts))


def _measured(part: Part, session: Session, prompts: list[Encoding]) -> dict[str, Any]:
    seconds = _median(session, prompts)
    found: dict[str, Any] = {"ms a list": 1e3 * seconds / len(prompts), "ms": 1e3 * seconds}
    if part.cuda:
        found |= {f"{kind}, ms a list": value / len(prompts) for kind, value in _kernels(session, prompts).items()}
    return found


def _median(session: Session, prompts: list[Encoding]) -> float:
    times = []
    for _ in range(12):
        started = time.perf_counter()
        session.run(prompts)
        times.append(time.perf_counter() - started)
    return statistics.median(times[2:])


def _kernels(session: Session, prompts: list[Encoding], runs: int = 3) -> dict[str, float]:
    """Milliseconds of the GPU's kernels in one run, by kind; torch's profiler sees ONNX Runtime's."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        for _ in range(runs):
            session.run(prompts)
        torch.cuda.synchronize()
    found = dict.fromkeys([*_KINDS, "rest"], 0.0)
    for row in seen.key_averages():
        kind = next((kind for kind, marks in _KINDS.items() if any(mark in row.key for mark in marks)), "rest")
        found[kind] += row.device_time_total / 1e3 / runs
    return found


if __name__ == "__main__":
    run(work)
