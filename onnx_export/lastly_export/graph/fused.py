"""The graph for ONNX Runtime: its own fused kernels, no N x N score matrix on the CPU or on CUDA."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from lastly_export.checkpoint.architecture import Architecture
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.graph.decoder import Decoder, Progress, marker_positions
from lastly_export.graph.shared_kernels import SharedKernels, frequencies
from lastly_export.graph.windowed_attention import Chunks
from lastly_export.onnx_writer.builder import CONTRIB, GraphBuilder
from lastly_export.precision.floating import Precision

_SHORT = 87_040  # tokens of a list times the width of a head: up to there the kernel with a matrix is the faster one
_MATRIX = 1 << 26  # bytes that the scores of all heads may take
INPUTS = ("input_ids", "sequence_lengths", "total_sequence_length", "document_positions", "query_position")


def build(builder: GraphBuilder, checkpoint: Checkpoint, precision: Precision, progress: Progress) -> ir.Model:
    """Write the fused graph; inputs as `INPUTS`, outputs `document_embeddings` and `query_embedding`."""
    ids = builder.input("input_ids", ir.DataType.INT64, ["batch", "sequence"])
    lengths = builder.input("sequence_lengths", ir.DataType.INT32, ["batch"])
    total = builder.input("total_sequence_length", ir.DataType.INT32, [])
    positions = marker_positions(builder)
    kernels = FusedKernels(builder, checkpoint.architecture, precision.activation, lengths, total, positions)
    return Decoder(builder, checkpoint, precision, kernels).build(ids, positions, progress)


class FusedKernels(SharedKernels):
    """GroupQueryAttention, RotaryEmbedding, SkipSimplifiedLayerNormalization, QuickGelu."""

    def __init__(
        self,
        builder: GraphBuilder,
        architecture: Architecture,
        dtype: ir.DataType,
        lengths: ir.Value,
        total: ir.Value,
        positions: ir.Value,
    ) -> None:
        super().__init__(builder, architecture, dtype, positions)
        self._total = total
        self._last_key = builder.op("Sub", lengths, builder.constant(1, np.int32))
        self._places = builder.op("Range", builder.constant(0, np.int32), total, builder.constant(1, np.int32))
        self._cos, self._sin = self._rotary_tables()
        self._short = self._fits_a_matrix() if dtype == ir.DataType.FLOAT else None
        self._chunks: dict[int, Chunks] = {}

    def norm(self, x: ir.Value, residual: ir.Value | None, weight: ir.Value) -> tuple[ir.Value, ir.Value]:
        """SkipSimplifiedLayerNormalization, whose fourth output is the sum."""
        epsilon = self._architecture.epsilon
        if residual is None:
            return self._builder.op("SimplifiedLayerNormalization", x, weight, epsilon=epsilon, axis=-1), x
        outputs = self._builder.ops(
            "SkipSimplifiedLayerNormalization", 4, x, residual, weight, domain=CONTRIB, epsilon=epsilon
        )
        return outputs[0], outputs[3]

    def head_norm(self, x: ir.Value, weight: ir.Value) -> ir.Value:
        """Norm over the last axis of [batch, tokens, heads, head_dim].

        GroupQueryAttention takes the norms' weights itself on CUDA, but refuses them on the CPU (onnxruntime 1.32).
        """
        b, a = self._builder, self._architecture
        heads = b.op("Reshape", x, b.constant([0, 0, -1, a.head_dim]))
        normed = b.op("SimplifiedLayerNormalization", heads, weight, epsilon=a.epsilon, axis=-1)
        return b.op("Reshape", normed, b.constant([0, 0, -1]))

    def attention(self, q: ir.Value, k: ir.Value, v: ir.Value, window: int | None) -> ir.Value:
        """GroupQueryAttention; its window counts the token itself, as transformers' does.

        In fp32, the CPU's, short lists take the kernel that builds the matrix of scores (docs/adr/0048-short-lists.md).
        """
        if window is not None:
            return self._windowed_attention(q, k, v, window)
        if self._short is None:
            return self._streamed(q, k, v)
        with self._builder.subgraph("matrix") as matrix:
            at_once = matrix.finish([self._grouped(1, q, k, v)[0]])
        with self._builder.subgraph("streamed") as streamed:
            in_blocks = streamed.finish([self._streamed(q, k, v)])
        return self._builder.op("If", self._short, then_branch=at_once, else_branch=in_blocks)

    def _fits_a_matrix(self) -> ir.Value:
        """Whether the lists are short: then the scores take so little memory that it counts as constant."""
        b = self._builder
        tokens = b.op("Cast", self._total, to=int(ir.DataType.INT64))
        scores = b.op("Mul", b.op("Mul", tokens, tokens), b.op("Size", self._last_key))
        a = self._architecture
        longest = min(_SHORT // a.head_dim, math.isqrt(_MATRIX // 4 // a.heads))
        return b.op("LessOrEqual", scores, b.constant(longest**2))

    def _streamed(self, q: ir.Value, k: ir.Value, v: ir.Value) -> ir.Value:
        """The kernel that is linear in memory.

        The present outputs are wanted though nobody needs them: without them the CPU kernel builds the N x N matrix
        (5.1 GB instead of 1.1 at 8,192 tokens and the 0.6B width). They are no graph outputs.
        """
        return self._releasing(*self._grouped(3, q, k, v))

    def _grouped(self, outputs: int, q: ir.Value, k: ir.Value, v: ir.Value) -> Sequence[ir.Value]:
        inputs = (q, k, v, None, None, self._last_key, self._total, self._cos, self._sin)
        return self._builder.ops("GroupQueryAttention", outputs, *inputs, domain=CONTRIB, **self._attributes(None))

    def _windowed_attention(self, q: ir.Value, k: ir.Value, v: ir.Value, window: int) -> ir.Value:
        """The same over pairs of chunks; tokens are first rotated by their positions in the list."""
        if window not in self._chunks:
            self._chunks[window] = Chunks(self._builder, self._total, self._last_key, window)
        attributes = self._attributes(window) | {"do_rotary": 0}

        def attention(q: ir.Value, k: ir.Value, v: ir.Value, last: ir.Value, total: ir.Value) -> ir.Value:
            inputs = (q, k, v, None, None, last, total)
            attended, *presents = self._builder.ops("GroupQueryAttention", 3, *inputs, domain=CONTRIB, **attributes)
            return self._releasing(attended, *presents)

        a = self._architecture
        widths = (a.heads * a.head_dim, a.kv_heads * a.head_dim)
        return self._chunks[window].attend(attention, self.rotate(q), self.rotate(k), v, widths)

    def _attributes(self, window: int | None) -> dict[str, Any]:
        a = self._architecture
        attributes: dict[str, Any] = {"num_heads": a.heads, "kv_num_heads": a.kv_heads, "do_rotary": 1}
        if window is not None:
            attributes["local_window_size"] = window
        return attributes

    def _releasing(self, attended: ir.Value, present_key: ir.Value, present_value: ir.Value) -> ir.Value:
        """Read the presents' shape, so that ONNX Runtime frees them here.

        It keeps an output that has no reader until the end of the run: 67 MB a layer at 8,192 tokens and the 0.6B
        width, 1.8 GB over 28 layers.
        """
        b = self._builder
        batch, length = b.op("Shape", present_key, start=0, end=1), b.op("Shape", present_value, start=2, end=3)
        return b.op("Reshape", attended, b.op("Concat", batch, length, b.constant([-1]), axis=0))

    def gate(self, gate: ir.Value, up: ir.Value) -> ir.Value:
        """QuickGelu with alpha 1 is SiLU."""
        return self._builder.op("Mul", self._builder.op("QuickGelu", gate, domain=CONTRIB, alpha=1.0), up)

    def rotate(self, x: ir.Value) -> ir.Value:
        """RotaryEmbedding from position 0 on."""
        start = self._builder.constant([0])
        return self._builder.op("RotaryEmbedding", x, start, self._cos, self._sin, domain=CONTRIB)

    def rotate_rows(self, x: ir.Value) -> ir.Value:
        """RotaryEmbedding at given positions."""
        return self._builder.op("RotaryEmbedding", x, self._positions, self._cos, self._sin, domain=CONTRIB)

    def row_bias(self, window: int | None) -> ir.Value:
        """Every earlier token counts; right padding always comes later."""
        places = self._builder.op("Cast", self._places, to=int(ir.DataType.INT64))
        return self.bias(self.visible(self.marker_rows(), places, window))

    def _rotary_tables(self) -> tuple[ir.Value, ir.Value]:
        """Make cosine and sine rows [tokens, head_dim / 2] for this run's length: nothing is stored."""
        b = self._builder
        places = b.op("Unsqueeze", b.op("Cast", self._places, to=int(ir.DataType.FLOAT)), b.constant([1]))
        angles = b.op("Mul", places, b.constant(frequencies(self._architecture)[None, :], np.float32))
        return self.cast(b.op("Cos", angles)), self.cast(b.op("Sin", angles))
