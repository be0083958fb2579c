"""Where ONNX Runtime ran a graph's nodes, and what it copied between host and GPU, by its own profile."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import onnxruntime as ort

from benchmarks.gpu.part import Part, encoding
from lastly.graph.native import library
from lastly.graph.session import Session


def placement(session: Session, part: Part, name: str) -> dict[str, Any]:
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
