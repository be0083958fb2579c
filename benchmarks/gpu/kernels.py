"""Part 2: which kernel attends, what runs on the CPU, what is copied, which kernels take the time."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

os.environ["ORT_ENABLE_ATTENTION_KERNEL_DEBUG_INFO"] = "1"  # ONNX Runtime prints its choice; before it is loaded

import onnxruntime as ort

from benchmarks.gpu.part import Part, encoding, run
from lastly.graph.native import library
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
    found = _placement(session, part, name) | {"providers": session.providers}
    return found | {"kernels": _slowest(session, prompt) if part.cuda else []}


def _slowest(session: Session, prompt: Encoding, runs: int = 5) -> list[tuple[str, int, float]]:
    """Give the kernels of one run by name, with their calls and microseconds; torch's profiler sees ONNX Runtime's."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        for _ in range(runs):
            session.run([prompt])
        torch.cuda.synchronize()
    rows = sorted(seen.key_averages(), key=lambda row: -row.device_time_total)[:12]
    return [(row.key[:110], row.count // runs, row.device_time_total / runs) for row in rows]


def _placement(session: Session, part: Part, name: str) -> dict[str, Any]:
    """Profile the graph alone, once: nodes by provider and kind."""
    folder = part.folder(name)
    options = ort.SessionOptions()
    if folder.manifest.graph.own_operators:
        options.register_custom_ops_library(library.path())
    options.enable_profiling = True
    options.profile_file_prefix = str(part.work / f"profile-{name}")
    options.enable_mem_pattern = False
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"] if part.cuda else ["CPUExecutionProvider"]
    profiled = ort.InferenceSession(str(folder.graph_path), options, providers=providers)
    session._session, unprofiled = profiled, session._session
    prompt = encoding(part.lengths(8192)[0], folder.manifest.vocabulary_size)
    for _ in range(3):
        session.run([prompt])
    session._session = unprofiled
    return _summary(Path(profiled.end_profiling()))


def _summary(file: Path) -> dict[str, Any]:
    events = [each for each in json.loads(file.read_text()) if each.get("cat") == "Node" and "args" in each]
    nodes = [each for each in events if each["name"].endswith("_kernel_time")]
    placed: dict[str, Counter[str]] = {}
    microseconds: Counter[str] = Counter()
    for each in nodes:
        placed.setdefault(each["args"].get("provider", "?"), Counter())[each["args"]["op_name"]] += 1
        microseconds[each["args"]["op_name"]] += each["dur"]
    file.unlink()
    return {
        "nodes in 3 runs": {provider: dict(found) for provider, found in placed.items()},
        "copies": sum(found[kind] for found in placed.values() for kind in ("MemcpyToHost", "MemcpyFromHost")),
        "host microseconds in 3 runs": dict(microseconds.most_common(12)),
    }


if __name__ == "__main__":
    run(work)
