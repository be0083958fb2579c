"""int8: weights per output column, activations per token, sums in int32.

Every token gets a scale of its own, taken from its largest absolute value while the graph runs. ONNX Runtime's own
dynamic quantization takes one scale for the whole tensor: a token then depends on its neighbours' size, a request on
those that share its batch, and a single large token (the first one of trained models) ruins the rest: with one row 30
times the others' size, products were off by 40 to 62 % instead of 3 %.

Weights use 7 bits (-63 to 63). On CPUs without VNNI the 8-bit kernel adds pairs of products in 16 bits, which
overflow silently with 8-bit weights: the same folder would give other scores on another machine. 7 bits cannot
overflow: 255 * 63 * 2 < 2 ** 15.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.onnx_writer.builder import CONTRIB, GraphBuilder
from lastly_export.precision.floating import EMBEDDING, embedding_parts, node, stacked

_WEIGHT_LIMIT = 63
_TABLE_LIMIT = 127
_STEP = 1 / 127  # of an activation, after division by its token's largest value
_TINY = 1e-20  # keeps a token of zeros from dividing by zero


class Int8Precision:
    """int8 products between fp32 norms, attention and activations. `fused`: use ONNX Runtime's own operator."""

    activation = ir.DataType.FLOAT

    def __init__(self, builder: GraphBuilder, checkpoint: Checkpoint, *, fused: bool) -> None:
        self._builder = builder
        self._checkpoint = checkpoint
        self._fused = fused
        self._inputs: dict[ir.Value, tuple[ir.Value, ir.Value]] = {}

    def embed(self, ids: ir.Value) -> ir.Value:
        """Gather int8 rows and their scales."""
        b, a = self._builder, self._checkpoint.architecture
        scales: list[npt.NDArray[np.float32]] = []
        table = b.weight_rows(EMBEDDING, (a.vocabulary, a.hidden), self._table(scales))
        rows = b.op("Cast", b.op("Gather", table, ids), to=int(ir.DataType.FLOAT))
        return b.op("Mul", rows, b.op("Gather", b.weight(f"{EMBEDDING}_scale", np.concatenate(scales)), ids))

    def linear(self, x: ir.Value, *names: str, scale: ir.Value | None = None) -> ir.Value:
        """Quantize x per token (once for all its uses), multiply in integers, scale back."""
        product, largest = self._multiplied(x, names)
        if scale is not None:
            largest = self._builder.op("Mul", largest, scale)
        return self._builder.op("Mul", product, largest)

    def linear_and_scale(self, x: ir.Value, name: str) -> tuple[ir.Value, ir.Value | None]:
        """Leave out the last multiplication, which a following norm or quantization may make needless."""
        return self._multiplied(x, (name,))

    def _multiplied(self, x: ir.Value, names: Sequence[str]) -> tuple[ir.Value, ir.Value]:
        quantized, largest = self._quantized(x)
        weight, scale = quantize(stacked(self._checkpoint, names).astype(np.float32), _WEIGHT_LIMIT)
        name = names[0]
        stored = self._builder.weight(name, np.ascontiguousarray(weight.T))
        product = self._product if self._fused else self._plain_product
        return product(quantized, stored, f"{name}_scale", scale[:, 0]), largest

    def vector(self, name: str) -> ir.Value:
        """Return the vector in fp32."""
        return self._builder.weight(name, self._checkpoint.tensor(name).astype(np.float32))

    def _table(self, scales: list[npt.NDArray[np.float32]]) -> Iterator[npt.NDArray[Any]]:
        for part in embedding_parts(self._checkpoint):
            rows, scale = quantize(part.astype(np.float32), _TABLE_LIMIT)
            scales.append(scale)
            yield rows

    def _quantized(self, x: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Return x as uint8 around 128, and each token's largest absolute value."""
        if x not in self._inputs:
            b = self._builder
            largest = b.op("ReduceMax", b.op("Abs", x), b.constant([-1]))
            largest = b.op("Max", largest, b.constant(_TINY, np.float32))
            unit = b.op("Div", x, largest)
            quantized = b.op("QuantizeLinear", unit, b.constant(_STEP, np.float32), self._middle())
            self._inputs[x] = quantized, largest
        return self._inputs[x]

    def _product(self, x: ir.Value, weight: ir.Value, name: str, scale: npt.NDArray[np.float32]) -> ir.Value:
        b = self._builder
        step = b.constant(_STEP, np.float32)
        scales = b.weight(name, scale)
        inputs = (x, weight, step, scales, self._middle(), b.constant(0, np.int8))
        return b.op("MatMulIntegerToFloat", *inputs, domain=CONTRIB, name=node(name.removesuffix("_scale")))

    def _plain_product(self, x: ir.Value, weight: ir.Value, name: str, scale: npt.NDArray[np.float32]) -> ir.Value:
        b = self._builder
        whole = b.op("MatMulInteger", x, weight, self._middle(), name=node(name.removesuffix("_scale")))
        scales = b.weight(name, (scale * np.float32(_STEP)).astype(np.float32))
        return b.op("Mul", b.op("Cast", whole, to=int(ir.DataType.FLOAT)), scales)

    def _middle(self) -> ir.Value:
        return self._builder.constant(128, np.uint8)


def quantize(rows: npt.NDArray[np.float32], limit: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Quantize each row of [rows, columns] to -limit..limit; return int8 rows and scales [rows, 1]."""
    scale = np.maximum(np.abs(rows).max(axis=1, keepdims=True), np.float32(_TINY)) / np.float32(limit)
    return np.rint(rows / scale).astype(np.int8), scale
