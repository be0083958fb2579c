"""Examines a model folder: files, runtime, a known answer, and memory that grows linearly with the length."""

import multiprocessing
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lastly.errors import LastlyError
from lastly.graph import gpu_memory
from lastly.graph.opening import GraphOptions, runtime_version
from lastly.graph.opsets import opsets
from lastly.graph.session import Session
from lastly.model.folder import ModelFolder
from lastly.ranking.reranker import Reranker
from lastly.types import Candidate, Encoding, Query

# Score differences that a change of processor may bring (int8 kernels differ between instruction sets).
TOLERANCE = {"fp32": 1e-4, "fp16": 5e-3, "bf16": 2e-2, "int8": 5e-2}
_LENGTH = 2_048
_GROWTH = 3.0  # twice the tokens: 2 where memory is linear, 4 where the N x N matrix is built
_PROBE_TIMEOUT_S = 300
_NEWEST_OPSET = 20


@dataclass(frozen=True)
class Finding:
    """The outcome of one check; `advice` says what to do where it is not good."""

    name: str
    good: bool
    detail: str
    advice: str = ""


def examine(path: Path, options: GraphOptions | None = None) -> Iterator[Finding]:
    """Examine a model folder step by step; stop where a failure makes the next steps pointless."""
    files = _attempt("files", lambda: _files(path), "copy the folder again or export the model again")
    yield files
    if not files.good:
        return
    folder = ModelFolder.load(path, verify=False)
    yield _attempt("operators", lambda: _operators(folder), "export the model again")
    loading = _attempt("runtime", lambda: _loads(folder, options), "export the model again for this onnxruntime")
    yield loading
    if not loading.good:
        return
    yield _attempt("known answer", lambda: _known_answer(folder, options), "export the model again; do not serve it")
    yield _attempt("memory", lambda: _memory(path, options), "free memory, or check a smaller model")


def _attempt(name: str, step: Callable[[], Finding], advice: str) -> Finding:
    try:
        return step()
    except LastlyError as error:
        return Finding(name, False, str(error), advice)


def _files(path: Path) -> Finding:
    manifest = ModelFolder.load(path).manifest
    detail = (
        f"{manifest.name}, {manifest.dtype}, licence {manifest.licence}; {len(manifest.files)} files match their sha256"
    )
    return Finding("files", True, detail)


def _operators(folder: ModelFolder) -> Finding:
    found = opsets(folder.graph_path)
    detail = ", ".join(f"{domain} {version}" for domain, version in found.items())
    advice = f"ONNX Runtime's CUDA kernels end at operator set {_NEWEST_OPSET} for some nodes: export the model again"
    return Finding(
        "operators", found.get("ai.onnx", 0) <= _NEWEST_OPSET, f"{folder.manifest.graph.kind}, {detail}", advice
    )


def _loads(folder: ModelFolder, options: GraphOptions | None) -> Finding:
    session = Session(folder, options)
    wanted = options is not None and options.cuda_graph_tokens > 0 and session.on_gpu
    lists = ("; short lists are recorded" if session.recording else "; nothing is recorded") if wanted else ""
    detail = f"{runtime_version()}, {', '.join(session.providers)}{lists}"
    advice = "export the model again for this onnxruntime, or serve it with cuda_graph_tokens 0; the log has the reason"
    return Finding("runtime", session.recording or not wanted, detail, advice)


def _known_answer(folder: ModelFolder, options: GraphOptions | None) -> Finding:
    known = folder.manifest.known_answer
    if known is None:
        return Finding("known answer", False, "the manifest holds none", "export the model again without --skip-parity")
    candidates = [Candidate(index, text) for index, text in enumerate(known.documents)]
    ranking = Reranker(folder, options).rank(Query(known.query), candidates, lexical_weight=0)
    scores = np.array([ranked.score for ranked in sorted(ranking.results, key=lambda ranked: ranked.index)])
    difference = float(np.abs(scores - np.array(known.scores)).max())
    tolerance = TOLERANCE[folder.manifest.dtype]
    detail = f"largest score difference {difference:.1e} (at most {tolerance:.0e})"
    return Finding("known answer", difference <= tolerance, detail, "export the model again; do not serve it")


def _memory(path: Path, options: GraphOptions | None) -> Finding:
    """Measure peaks in a fresh process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        try:
            short, long, growth = pool.apply_async(measure_growth, (path, options)).get(_PROBE_TIMEOUT_S)
        except multiprocessing.TimeoutError:
            return Finding("memory", False, f"no result after {_PROBE_TIMEOUT_S} s", "try a machine with more cores")
    detail = f"{long} tokens take {growth:.1f} times the memory of {short} (2 is linear, 4 quadratic)"
    advice = (
        "attention builds the whole score matrix: export the fused graph, as fp32 or int8 for the CPU, or with --cuda"
    )
    return Finding("memory", growth <= _GROWTH, detail, advice)


def measure_growth(path: Path, options: GraphOptions | None) -> tuple[int, int, float]:
    """Return a length in tokens, twice that length, and how many times as much memory the latter takes."""
    folder = ModelFolder.load(path, verify=False)
    alone = replace(options or GraphOptions(), cuda_graph_tokens=0)  # recordings have memory of their own
    session = Session(folder, alone)
    short = min(_LENGTH, folder.manifest.maximum_positions // 2)
    peak = gpu_memory.used if session.on_gpu else _peak  # on a GPU a session keeps what its longest run took
    session.run([_noise(folder, 16)])
    base = peak()
    session.run([_noise(folder, short)])
    first = peak()
    session.run([_noise(folder, 2 * short)])
    return short, 2 * short, (peak() - base) / max(first - base, 1)


def _noise(folder: ModelFolder, tokens: int) -> Encoding:
    ids = np.random.default_rng(0).integers(0, folder.manifest.vocabulary_size, tokens, np.int64)
    return Encoding(ids, np.array([0], np.int64), tokens - 1)


def _peak() -> int:
    """Return the peak resident memory of this process, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
