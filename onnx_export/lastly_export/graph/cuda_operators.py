"""The graph for a CUDA GPU with Lastly's own operators (`lastly/graph/native`) where ONNX Runtime's take longest.

One operator normalises and rotates queries, keys and values and writes each head of keys and values once for every head
of queries that reads it, so that MultiHeadAttention takes them as they are, without a cache that is filled and thrown
away; another multiplies SiLU(gate) by up.
"""

from typing import Any

import onnx_ir as ir

from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.errors import ExportError
from lastly_export.graph.cuda import INPUTS as CUDA_INPUTS
from lastly_export.graph.cuda import CudaKernels, build_with
from lastly_export.graph.decoder import Progress
from lastly_export.onnx_writer.builder import CONTRIB, OPERATORS, GraphBuilder
from lastly_export.precision.floating import Precision

INPUTS = CUDA_INPUTS
_HEAD_DIMS = (16, 32, 64, 128, 256)


def build(builder: GraphBuilder, checkpoint: Checkpoint, precision: Precision, progress: Progress) -> ir.Model:
    """Write the graph; inputs and outputs as the fused one's. Raises ExportError for layers it has no operator for."""
    a = checkpoint.architecture
    if any(window is not None for window in a.windows):
        raise ExportError("--cuda-operators knows no sliding windows; export this model with --cuda")
    if a.head_dim not in _HEAD_DIMS or a.mlp % 8:
        raise ExportError(
            f"--cuda-operators wants heads of {_HEAD_DIMS} and an MLP of a multiple of 8, not {a.head_dim} and "
            f"{a.mlp}; export this model with --cuda"
        )
    return build_with(OperatorKernels, builder, checkpoint, precision, progress)


class OperatorKernels(CudaKernels):
    """RotaryHeads, MultiHeadAttention and GatedSilu; the rest as in the graph for CUDA."""

    packed_gate = True

    def packed_attention(self, qkv: ir.Value, norms: tuple[ir.Value, ir.Value] | None, window: int | None) -> ir.Value:
        """Causal attention; padding on the right comes after every token that is read."""
        b, a = self._builder, self._architecture
        weights = [b.op("Cast", norm, to=int(ir.DataType.FLOAT)) for norm in norms or ()]
        inputs = (qkv, self._cos, self._sin, *weights)
        attributes: dict[str, Any] = {"num_heads": a.heads, "kv_num_heads": a.kv_heads, "epsilon": a.epsilon}
        heads = b.ops("RotaryHeads", 3, *inputs, domain=OPERATORS, **attributes)
        return b.op("MultiHeadAttention", *heads, domain=CONTRIB, num_heads=a.heads, unidirectional=1)

    def gated(self, gate_up: ir.Value) -> ir.Value:
        """GatedSilu."""
        return self._builder.op("GatedSilu", gate_up, domain=OPERATORS)
