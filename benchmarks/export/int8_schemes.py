"""Other ways to hold weights in 8 bits, kept to be measured against that of `lastly_export.precision.int8`."""

import numpy as np
import onnx_ir as ir

from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.onnx_writer.builder import CONTRIB, GraphBuilder
from lastly_export.precision.floating import stacked
from lastly_export.precision.int8 import Int8Precision, quantize


class PerTensor(Int8Precision):
    """ONNX Runtime's dynamic quantization: one activation scale for the whole tensor. `limit`: 127 or 63."""

    def __init__(self, builder: GraphBuilder, checkpoint: Checkpoint, limit: int) -> None:
        super().__init__(builder, checkpoint, fused=True)
        self._limit = limit

    def linear_and_scale(self, x: ir.Value, name: str) -> tuple[ir.Value, ir.Value | None]:
        """The whole product."""
        return self.linear(x, name), None

    def linear(self, x: ir.Value, *names: str, scale: ir.Value | None = None) -> ir.Value:
        """DynamicQuantizeMatMul."""
        b, name = self._builder, names[0]
        rows, row_scales = quantize(stacked(self._checkpoint, names).astype(np.float32), self._limit)
        weight = b.weight(name, np.ascontiguousarray(rows.T))
        scales = b.weight(f"{name}_scale", np.ascontiguousarray(row_scales[:, 0]))
        return b.op(
            "DynamicQuantizeMatMul", x, weight, scales, b.constant(np.zeros(len(row_scales)), np.int8), domain=CONTRIB
        )


class WeightOnly(Int8Precision):
    """MatMulNBits: 8-bit weights with a scale per 32 of them; `accuracy_level` 4 computes in int8, 0 in fp32."""

    _BLOCK = 32

    def __init__(self, builder: GraphBuilder, checkpoint: Checkpoint, accuracy_level: int) -> None:
        super().__init__(builder, checkpoint, fused=True)
        self._accuracy_level = accuracy_level

    def linear_and_scale(self, x: ir.Value, name: str) -> tuple[ir.Value, ir.Value | None]:
        """The whole product."""
        return self.linear(x, name), None

    def linear(self, x: ir.Value, *names: str, scale: ir.Value | None = None) -> ir.Value:
        """MatMulNBits, whose weights are [columns, blocks, 32] around 128."""
        name = names[0]
        weight = stacked(self._checkpoint, names).astype(np.float32)
        columns, inner = weight.shape
        rows, row_scales = quantize(weight.reshape(-1, self._BLOCK), 127)
        packed = (rows.astype(np.int16) + 128).astype(np.uint8).reshape(columns, -1, self._BLOCK)
        b = self._builder
        inputs = (x, b.weight(name, packed), b.weight(f"{name}_scale", row_scales.reshape(columns, -1)))
        sizes = {"K": inner, "N": columns, "bits": 8, "block_size": self._BLOCK}
        return b.op("MatMulNBits", *inputs, domain=CONTRIB, accuracy_level=self._accuracy_level, **sizes)
