"""What the fused and the portable kernels share: attention of the few marker rows, rotary frequencies, casts."""

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from lastly_export.checkpoint.architecture import Architecture
from lastly_export.onnx_writer.builder import GraphBuilder

# Added to a masked score. The lowest fp16 value, so that one constant serves every type: a softmax over scores of
# ordinary size gives it weight 0.
MASKED = float(np.finfo(np.float16).min)


class SharedKernels(ABC):
    """Base of all kernel sets. `positions`: [batch, rows] of the markers."""

    packed = False
    packed_gate = False

    def __init__(
        self, builder: GraphBuilder, architecture: Architecture, dtype: ir.DataType, positions: ir.Value
    ) -> None:
        self._builder = builder
        self._architecture = architecture
        self._dtype = dtype
        self._positions = positions
        self._biases: dict[int | None, ir.Value] = {}

    @abstractmethod
    def rotate(self, x: ir.Value) -> ir.Value:
        """Rotate [batch, tokens, heads * head_dim] by each token's position."""

    @abstractmethod
    def rotate_rows(self, x: ir.Value) -> ir.Value:
        """Rotate [batch, rows, heads * head_dim] by the markers' positions."""

    @abstractmethod
    def row_bias(self, window: int | None) -> ir.Value:
        """Return what is added to the scores [batch, kv_heads, rows * group, tokens]."""

    def marker_attention(self, q: ir.Value, k: ir.Value, v: ir.Value, window: int | None) -> ir.Value:
        """Plain attention of a few rows: their scores grow linearly with the length."""
        b = self._builder
        if window not in self._biases:
            self._biases[window] = self.row_bias(window)
        keys, values = self.heads(self.rotate(k), [0, 2, 3, 1]), self.heads(v, [0, 2, 1, 3])
        rows = self.grouped(self.scaled(self.rotate_rows(q)))
        scores = b.op("Add", b.op("MatMul", rows, keys), self._biases[window])
        return self.ungrouped(b.op("MatMul", b.op("Softmax", scores, axis=-1), values))

    def packed_attention(self, qkv: ir.Value, norms: tuple[ir.Value, ir.Value] | None, window: int | None) -> ir.Value:
        """Only where `packed`."""
        raise NotImplementedError

    def gated(self, gate_up: ir.Value) -> ir.Value:
        """Only where `packed_gate`."""
        raise NotImplementedError

    def heads(self, x: ir.Value, order: list[int]) -> ir.Value:
        """Split keys or values [batch, tokens, kv_heads, head_dim] and order the axes."""
        b, a = self._builder, self._architecture
        return b.op("Transpose", b.op("Reshape", x, b.constant([0, 0, a.kv_heads, a.head_dim])), perm=order)

    def grouped(self, q: ir.Value) -> ir.Value:
        """From [batch, rows, heads * head_dim] to [batch, kv_heads, rows * group, head_dim]."""
        b, a = self._builder, self._architecture
        split = b.op("Reshape", q, b.constant([0, 0, a.kv_heads, a.group, a.head_dim]))
        return b.op("Reshape", b.op("Transpose", split, perm=[0, 2, 1, 3, 4]), b.constant([0, 0, -1, a.head_dim]))

    def ungrouped(self, mixed: ir.Value) -> ir.Value:
        """Undo `grouped`."""
        b, a = self._builder, self._architecture
        split = b.op("Reshape", mixed, b.constant([0, 0, -1, a.group, a.head_dim]))
        joined = b.op("Transpose", split, perm=[0, 2, 1, 3, 4])
        return b.op("Reshape", joined, b.constant([0, 0, a.heads * a.head_dim]))

    def rotated(self, x: ir.Value, cos: ir.Value, sin: ir.Value) -> ir.Value:
        """Rotate [batch, tokens, heads * head_dim] by tables that broadcast over heads, in plain operators."""
        b, dim = self._builder, self._architecture.head_dim
        heads = b.op("Reshape", x, b.constant([0, 0, -1, dim]))
        left, right = b.ops("Split", 2, heads, axis=-1, num_outputs=2)
        first = b.op("Sub", b.op("Mul", left, cos), b.op("Mul", right, sin))
        second = b.op("Add", b.op("Mul", right, cos), b.op("Mul", left, sin))
        return b.op("Reshape", b.op("Concat", first, second, axis=-1), b.constant([0, 0, -1]))

    def scaled(self, q: ir.Value) -> ir.Value:
        """Queries times 1 / sqrt(head_dim)."""
        return self._builder.op(
            "Mul", q, self._builder.constant(self._architecture.head_dim**-0.5, self._dtype.numpy())
        )

    def bias(self, visible: ir.Value) -> ir.Value:
        """Turn a boolean per score into what is added to the score."""
        b = self._builder
        return self.cast(b.op("Where", visible, b.constant(0, np.float32), b.constant(MASKED, np.float32)))

    def visible(self, rows: ir.Value, keys: ir.Value, window: int | None) -> ir.Value:
        """Return whether each row, at a position in `rows`, attends to each position in `keys` (the two broadcast)."""
        b = self._builder
        visible = b.op("LessOrEqual", keys, rows)
        if window is None:
            return visible
        return b.op("And", visible, b.op("Greater", keys, b.op("Sub", rows, b.constant(window))))

    def marker_rows(self) -> ir.Value:
        """Return the markers' positions as [batch, 1, rows * group, 1]."""
        b = self._builder
        rows = b.op("Unsqueeze", self._positions, b.constant([2]))
        rows = b.op("Expand", rows, b.constant([1, 1, self._architecture.group]))
        return b.op("Reshape", rows, b.constant([0, 1, -1, 1]))

    def cast(self, x: ir.Value) -> ir.Value:
        """Turn fp32 into the activation type."""
        return x if self._dtype == ir.DataType.FLOAT else self._builder.op("Cast", x, to=int(self._dtype))


def frequencies(architecture: Architecture) -> npt.NDArray[np.float32]:
    """Return the rotary angle per position [head_dim / 2], computed in fp32 as transformers does."""
    exponents = np.arange(0, architecture.head_dim, 2, dtype=np.float32) / np.float32(architecture.head_dim)
    return (np.float32(1) / np.float32(architecture.theta) ** exponents).astype(np.float32)
