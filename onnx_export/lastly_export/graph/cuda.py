"""The graph for a CUDA GPU: one product and one kernel from the norm to attention's output; fp16 or bf16.

Attention takes queries, keys and values packed, normalises the heads and rotates them itself; ONNX Runtime's CPU kernel
does neither, so that a folder of this kind runs on CUDA only.
"""

import onnx_ir as ir

from lastly_export.checkpoint.architecture import Architecture
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.graph.decoder import Decoder, Progress, marker_positions
from lastly_export.graph.fused import INPUTS as FUSED_INPUTS
from lastly_export.graph.fused import FusedKernels
from lastly_export.onnx_writer.builder import CONTRIB, GraphBuilder
from lastly_export.precision.floating import Precision

INPUTS = FUSED_INPUTS


def build(builder: GraphBuilder, checkpoint: Checkpoint, precision: Precision, progress: Progress) -> ir.Model:
    """Write the CUDA graph; inputs and outputs as the fused one's."""
    return build_with(CudaKernels, builder, checkpoint, precision, progress)


def build_with(
    kind: type["CudaKernels"], builder: GraphBuilder, checkpoint: Checkpoint, precision: Precision, progress: Progress
) -> ir.Model:
    """Write it with one of the kernel sets for CUDA."""
    ids = builder.input("input_ids", ir.DataType.INT64, ["batch", "sequence"])
    lengths = builder.input("sequence_lengths", ir.DataType.INT32, ["batch"])
    total = builder.input("total_sequence_length", ir.DataType.INT32, [])
    positions = marker_positions(builder)
    kernels = kind(builder, checkpoint.architecture, precision.activation, lengths, total, positions)
    return Decoder(builder, checkpoint, precision, kernels).build(ids, positions, progress)


class CudaKernels(FusedKernels):
    """GroupQueryAttention on packed input; the few rows of the markers attend in fp32."""

    packed = True

    def __init__(
        self,
        builder: GraphBuilder,
        architecture: Architecture,
        dtype: ir.DataType,
        lengths: ir.Value,
        total: ir.Value,
        positions: ir.Value,
    ) -> None:
        super().__init__(builder, architecture, ir.DataType.FLOAT, lengths, total, positions)
        self._activation = dtype
        self._typed_cos, self._typed_sin = self._narrow(self._cos), self._narrow(self._sin)

    def packed_attention(self, qkv: ir.Value, norms: tuple[ir.Value, ir.Value] | None, window: int | None) -> ir.Value:
        """GroupQueryAttention over [batch, tokens, (heads + 2 * kv_heads) * head_dim].

        Flash attention reads keys and values from the present outputs, so they are wanted here too.
        """
        attributes = self._attributes(window)
        inputs = [qkv, None, None, None, None, self._last_key, self._total, self._typed_cos, self._typed_sin]
        if norms is not None:
            inputs += [None] * 5 + list(norms)
            attributes["qk_norm_epsilon"] = self._architecture.epsilon
        attended, *presents = self._builder.ops("GroupQueryAttention", 3, *inputs, domain=CONTRIB, **attributes)
        return self._releasing(attended, *presents)

    def marker_attention(self, q: ir.Value, k: ir.Value, v: ir.Value, window: int | None) -> ir.Value:
        """Attend in fp32: scores rounded to bf16 would be off by up to 3 % of a weight."""
        q, k, v = (self._builder.op("Cast", x, to=int(ir.DataType.FLOAT)) for x in (q, k, v))
        return self._narrow(super().marker_attention(q, k, v, window))

    def rotate(self, x: ir.Value) -> ir.Value:
        """Rotate in plain operators: the CUDA kernel of RotaryEmbedding takes 65,535 tokens at most."""
        cos, sin = (self._builder.op("Unsqueeze", table, self._builder.constant([1])) for table in self._tables)
        return self.rotated(x, cos, sin)

    def rotate_rows(self, x: ir.Value) -> ir.Value:
        """The same for the markers' rows."""
        b = self._builder
        rows = (b.op("Gather", table, self._positions) for table in self._tables)
        cos, sin = (b.op("Unsqueeze", row, b.constant([2])) for row in rows)
        return self.rotated(x, cos, sin)

    @property
    def _tables(self) -> tuple[ir.Value, ir.Value]:
        return self._cos, self._sin

    def _narrow(self, x: ir.Value) -> ir.Value:
        return self._builder.op("Cast", x, to=int(self._activation))
