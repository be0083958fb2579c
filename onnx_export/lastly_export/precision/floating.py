"""How weights are stored and multiplied: in floating point of one type. int8 is in `int8`."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import ml_dtypes
import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.onnx_writer.builder import GraphBuilder

EMBEDDING = "model.embed_tokens.weight"
_CHUNK = 8192  # rows of the embedding table in memory at a time

NUMPY_TYPES: dict[str, Any] = {
    "fp32": np.float32,
    "fp16": np.float16,
    "bf16": ml_dtypes.bfloat16,
}
_IR_TYPES = {"fp32": ir.DataType.FLOAT, "fp16": ir.DataType.FLOAT16, "bf16": ir.DataType.BFLOAT16}


class Precision(Protocol):
    """Puts a checkpoint's weights into a graph."""

    activation: ir.DataType

    def embed(self, ids: ir.Value) -> ir.Value:
        """Return the rows [batch, sequence, hidden] of the embedding table."""

    def linear(self, x: ir.Value, *names: str, scale: ir.Value | None = None) -> ir.Value:
        """Multiply [..., in] by weights side by side; return [..., out], each token times `scale` [..., 1]."""

    def linear_and_scale(self, x: ir.Value, name: str) -> tuple[ir.Value, ir.Value | None]:
        """Multiply; return the product and the scale [..., 1] left for the caller to apply (None: nothing is left)."""

    def vector(self, name: str) -> ir.Value:
        """Return a norm's weight in the activation type."""


class FloatPrecision:
    """Weights and activations in one floating-point type."""

    def __init__(self, builder: GraphBuilder, checkpoint: Checkpoint, dtype: str, *, rounded: bool = False) -> None:
        """`rounded`: store fp32 values that were rounded to `dtype`."""
        self._builder = builder
        self._checkpoint = checkpoint
        self._rounding = NUMPY_TYPES[dtype]
        self._storage = np.float32 if rounded else NUMPY_TYPES[dtype]
        self.activation = ir.DataType.FLOAT if rounded else _IR_TYPES[dtype]

    def embed(self, ids: ir.Value) -> ir.Value:
        """Gather rows of the table."""
        a = self._checkpoint.architecture
        parts = (self._typed(part) for part in embedding_parts(self._checkpoint))
        table = self._builder.weight_rows(EMBEDDING, (a.vocabulary, a.hidden), parts)
        return self._builder.op("Gather", table, ids)

    def linear(self, x: ir.Value, *names: str, scale: ir.Value | None = None) -> ir.Value:
        """MatMul with the transposed weight."""
        if scale is not None:
            x = self._builder.op("Mul", x, scale)
        weight = self._typed(stacked(self._checkpoint, names)).T
        stored = self._builder.weight(names[0], np.ascontiguousarray(weight))
        return self._builder.op("MatMul", x, stored, name=node(names[0]))

    def linear_and_scale(self, x: ir.Value, name: str) -> tuple[ir.Value, ir.Value | None]:
        """The same: nothing is left over."""
        return self.linear(x, name), None

    def vector(self, name: str) -> ir.Value:
        """Return the vector."""
        return self._builder.weight(name, self._typed(self._checkpoint.tensor(name)))

    def _typed(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return array.astype(self._rounding, copy=False).astype(self._storage, copy=False)


def embedding_parts(checkpoint: Checkpoint) -> Iterator[npt.NDArray[Any]]:
    """Read the embedding table a chunk of rows at a time."""
    for start in range(0, checkpoint.architecture.vocabulary, _CHUNK):
        yield checkpoint.rows(EMBEDDING, start, start + _CHUNK)


def stacked(checkpoint: Checkpoint, names: Sequence[str]) -> npt.NDArray[Any]:
    """Read weights [out, in] and stack them along `out`."""
    return np.concatenate([checkpoint.tensor(name) for name in names])


def node(weight: str) -> str:
    """Return the name of the node that uses a weight."""
    return "/" + weight.removeprefix("model.").removesuffix(".weight").replace(".", "/")
