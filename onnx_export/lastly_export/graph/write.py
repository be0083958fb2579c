"""Writes a graph with its data file."""

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import onnx_ir as ir

from lastly.model.folder import Dtype, GraphKind
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.graph import cuda, cuda_operators, fused, portable
from lastly_export.onnx_writer.builder import GraphBuilder
from lastly_export.onnx_writer.data_file import DataFile
from lastly_export.precision.floating import FloatPrecision, Precision
from lastly_export.precision.int8 import Int8Precision

Step = Callable[[str], None]

INPUTS: Mapping[GraphKind, tuple[str, ...]] = {
    "fused": fused.INPUTS,
    "cuda": cuda.INPUTS,
    "cuda-operators": cuda_operators.INPUTS,
    "portable": portable.INPUTS,
}
OUTPUTS = ("document_embeddings", "query_embedding")
_BUILD = {"fused": fused.build, "cuda": cuda.build, "cuda-operators": cuda_operators.build, "portable": portable.build}


def write_graph(
    checkpoint: Checkpoint,
    file: Path,
    dtype: Dtype = "fp32",
    kind: GraphKind = "fused",
    step: Step = lambda _: None,
    *,
    rounded: bool = False,
) -> None:
    """Write `file` and, beside it, its data file; `step` is called with each part's name once it is written.

    `rounded`: fp32 arithmetic on weights rounded to `dtype`, for machines that have no kernels of that type.
    """
    with closing(DataFile(file.with_name(file.name + ".data"))) as data:
        builder = GraphBuilder("lastly", data)
        model = _BUILD[kind](builder, checkpoint, _precision(builder, checkpoint, dtype, kind, rounded), step)
    ir.save(model, file)


def _precision(
    builder: GraphBuilder, checkpoint: Checkpoint, dtype: Dtype, kind: GraphKind, rounded: bool
) -> Precision:
    if dtype == "int8":
        return Int8Precision(builder, checkpoint, fused=kind != "portable")
    return FloatPrecision(builder, checkpoint, dtype, rounded=rounded)
