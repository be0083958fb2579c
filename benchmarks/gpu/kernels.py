"""Part 2: which kernel attends, what runs on the CPU, what is copied, which kernels take the time."""

import os
from typing import Any

os.environ["ORT_ENABLE_ATTENTION_KERNEL_DEBUG_INFO"] = "1"  # ONNX Runtime prints its choice; before it is loaded

from benchmarks.gpu.part import Part, encoding, run
from benchmarks.gpu.placement import placement
from lastly.graph.session import Session
from lastly.types import Encoding


def work(part: Part) -> None:
    """Profile one run of each model and of the one with windowed layers."""
    for name in (*part.models, f"windowed-{part.dtypes[0]}"):
        with part.step(name):
            print(f"--- attention kernels of {name}", flush=True)
            part.note(name, _profile(part, name))


def _profile(part: Part, name: str) -> dict[str, Any]:
    folder = part.folder(name)
    session = part.session(folder, config={})
    prompt = encoding(part.lengths(8192)[0], folder.manifest.vocabulary_size)
    session.run([prompt])
    session.run([prompt, encoding(part.lengths(5000)[0], folder.manifest.vocabulary_size)])
    found = placement(session, part, name) | {"providers": session.providers}
    return found | {"kernels": _slowest(session, prompt) if part.cuda else []}


def _slowest(session: Session, prompt: Encoding, runs: int = 5) -> list[tuple[str, int, float]]:
    """Return one run's kernels by name, with calls and microseconds; torch's profiler sees ONNX Runtime's."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        for _ in range(runs):
            session.run([prompt])
        torch.cuda.synchronize()
    rows = sorted(seen.key_averages(), key=lambda row: -row.device_time_total)[:12]
    return [(row.key[:110], row.count // runs, row.device_time_total / runs) for row in rows]


if __name__ == "__main__":
    run(work)
