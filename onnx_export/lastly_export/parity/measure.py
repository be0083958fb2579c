"""Runs an exported graph and its reference over the parity cases.

The reference is transformers where torch is installed, else this exporter's own portable graph in fp32, which shares
the layers' order with the fused graph but none of its kernels. A graph that only CUDA can run is measured there;
without a GPU the fused graph in fp32 of the same weights, rounded to its type, is measured, and the report says so.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lastly.errors import ModelFolderError
from lastly.graph.opening import CPU, CUDA, GraphOptions, cuda_available
from lastly.graph.session import Session
from lastly.model.folder import GraphKind, KnownAnswer, ModelFolder
from lastly.types import BlockEmbeddings, Encoding
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.graph.write import INPUTS, Step, write_graph
from lastly_export.parity import reference_process
from lastly_export.parity.cases import CASES
from lastly_export.parity.report import ParityReport, compare, encode_cases, run_graph, scores


@dataclass(frozen=True)
class Measurement:
    """How close the graph is to its reference, and its answer to the first case, for `lastly check`."""

    report: ParityReport
    known_answer: KnownAnswer


def measure(checkpoint: Checkpoint, folder: ModelFolder, step: Step) -> Measurement:
    """Compare the folder's graph with the reference; calls `step` twice."""
    encodings = encode_cases(folder)
    with tempfile.TemporaryDirectory(dir=folder.path.parent) as scratch:
        name, expected = _expected(checkpoint, folder, encodings, Path(scratch))
    step("reference")
    with tempfile.TemporaryDirectory(dir=folder.path.parent) as scratch:
        graph, session = _session(checkpoint, folder, Path(scratch))
        found = list(run_graph(session, encodings))
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


def _session(checkpoint: Checkpoint, folder: ModelFolder, scratch: Path) -> tuple[str, Session]:
    kind, dtype = folder.manifest.graph.kind, folder.manifest.dtype
    if dtype != "bf16" and not folder.manifest.graph.cuda_only:
        return f"{kind}, {dtype}", Session(folder)
    if session := _on_gpu(folder):
        return f"{kind}, {dtype}, on CUDA", session
    kind = "portable" if kind == "portable" else "fused"
    write_graph(checkpoint, scratch / folder.manifest.graph.file, dtype, kind, rounded=True)
    name = f"{kind}, fp32 arithmetic on weights rounded to {dtype} (not on a GPU)"
    return name, Session(_of_kind(folder, scratch, kind))


def _on_gpu(folder: ModelFolder) -> Session | None:
    if not cuda_available():
        return None
    try:
        return Session(folder, GraphOptions(providers=(CUDA, CPU)))
    except ModelFolderError:  # onnxruntime-gpu on a machine without a GPU
        return None


def _of_kind(folder: ModelFolder, path: Path, kind: GraphKind) -> ModelFolder:
    graph = folder.manifest.graph.model_copy(update={"kind": kind, "inputs": INPUTS[kind]})
    return ModelFolder(path, folder.manifest.model_copy(update={"graph": graph}))
