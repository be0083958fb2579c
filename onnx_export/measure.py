"""Runs an exported graph and its reference over the parity cases.

The reference is transformers where torch is installed, else this exporter's own portable graph in fp32, which shares
the layers' order with the fused graph but none of its kernels. ONNX Runtime's CPU has no bf16 kernels: there the fp32
graph of the same weights, rounded to bf16, is measured, and the report says so.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lastly.model import KnownAnswer, ModelFolder
from lastly.session import Session
from lastly.types import BlockEmbeddings, Encoding
from onnx_export import reference_process
from onnx_export.cases import CASES
from onnx_export.checkpoint import Checkpoint
from onnx_export.graphfile import INPUTS, Kind, Step, write_graph
from onnx_export.parity import ParityReport, compare, encode_cases, run_graph, scores


@dataclass(frozen=True)
class Measurement:
    """How close the graph is to its reference, and what it answered to the first case, for `lastly check`."""

    report: ParityReport
    known_answer: KnownAnswer


def measure(checkpoint: Checkpoint, folder: ModelFolder, step: Step) -> Measurement:
    """Compare the folder's graph with the reference; calls `step` twice."""
    encodings = encode_cases(folder)
    with tempfile.TemporaryDirectory(dir=folder.path.parent) as scratch:
        name, expected = _expected(checkpoint, folder, encodings, Path(scratch))
    step("reference")
    with tempfile.TemporaryDirectory(dir=folder.path.parent) as scratch:
        graph, runnable = _runnable(checkpoint, folder, Path(scratch))
        found = list(run_graph(Session(runnable), encodings))
    step("parity")
    return Measurement(compare(expected, found, (name, graph)), _known_answer(found[0]))


def _known_answer(found: BlockEmbeddings) -> KnownAnswer:
    rounded = tuple(round(float(score), 6) for score in scores(found))
    return KnownAnswer(query=CASES[0].query, documents=CASES[0].documents, scores=rounded)


def _expected(
    checkpoint: Checkpoint, folder: ModelFolder, encodings: Sequence[Encoding], scratch: Path
) -> tuple[str, list[BlockEmbeddings]]:
    if reference_process.transformers_installed():
        return reference_process.embed(checkpoint, encodings, scratch)
    write_graph(checkpoint, scratch / folder.manifest.graph.file, kind="portable")
    session = Session(_of_kind(folder, scratch, "portable"))
    return "portable graph, fp32 (torch is not installed)", list(run_graph(session, encodings))


def _runnable(checkpoint: Checkpoint, folder: ModelFolder, scratch: Path) -> tuple[str, ModelFolder]:
    kind, dtype = folder.manifest.graph.kind, folder.manifest.dtype
    if dtype != "bf16":
        return f"{kind}, {dtype}", folder
    write_graph(checkpoint, scratch / folder.manifest.graph.file, dtype, kind, rounded=True)
    name = f"{kind}, fp32 arithmetic on weights rounded to bf16 (the CPU has no bf16 kernels)"
    return name, _of_kind(folder, scratch, kind)


def _of_kind(folder: ModelFolder, path: Path, kind: Kind) -> ModelFolder:
    graph = folder.manifest.graph.model_copy(update={"kind": kind, "inputs": INPUTS[kind]})
    return ModelFolder(path, folder.manifest.model_copy(update={"graph": graph}))
