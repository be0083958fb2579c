"""The graph for other runtimes: standard ONNX operators only, padding on either side by `attention_mask`.

Attention runs over 256 queries at a time in a Loop, each against the keys that they may see, so that no N x N matrix
exists in a runtime that keeps the loop as it is (ONNX Runtime and OpenVINO do).
"""

import numpy as np
import onnx_ir as ir

from lastly_export.checkpoint.architecture import Architecture
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.graph.decoder import Decoder, Progress, marker_positions
from lastly_export.graph.shared_kernels import SharedKernels, frequencies
from lastly_export.onnx_writer.builder import GraphBuilder
from lastly_export.precision.floating import Precision

INPUTS = ("input_ids", "attention_mask", "document_positions", "query_position")
_CHUNK = 256


def build(builder: GraphBuilder, checkpoint: Checkpoint, precision: Precision, progress: Progress) -> ir.Model:
    """Write the portable graph; inputs as `INPUTS`, outputs `document_embeddings` and `query_embedding`."""
    ids = builder.input("input_ids", ir.DataType.INT64, ["batch", "sequence"])
    mask = builder.input("attention_mask", ir.DataType.INT64, ["batch", "sequence"])
    positions = marker_positions(builder)
    kernels = PlainKernels(builder, checkpoint.architecture, precision.activation, mask, positions)
    return Decoder(builder, checkpoint, precision, kernels).build(ids, positions, progress)


class PlainKernels(SharedKernels):
    """Norms, rotary embedding and attention spelled out."""

    def __init__(
        self,
        builder: GraphBuilder,
        architecture: Architecture,
        dtype: ir.DataType,
        mask: ir.Value,
        positions: ir.Value,
    ) -> None:
        super().__init__(builder, architecture, dtype, positions)
        b = builder
        self._length = b.op("Shape", mask, start=1, end=2)
        self._places = b.op("Range", b.constant(0), b.op("Squeeze", self._length), b.constant(1))
        self._shown = b.op("Greater", b.op("Unsqueeze", mask, b.constant([1, 2])), b.constant(0))
        self._cos, self._sin = self._rotary_tables(mask)
        self._chunks = b.op("Div", b.op("Add", self._length, b.constant([_CHUNK - 1])), b.constant([_CHUNK]))
        self._padding = b.op("Sub", b.op("Mul", self._chunks, b.constant([_CHUNK])), self._length)

    def norm(self, x: ir.Value, residual: ir.Value | None, weight: ir.Value) -> tuple[ir.Value, ir.Value]:
        """RMS norm of the sum, in fp32."""
        total = x if residual is None else self._builder.op("Add", x, residual)
        return self._rms(total, weight), total

    def head_norm(self, x: ir.Value, weight: ir.Value) -> ir.Value:
        """RMS norm of each head."""
        b = self._builder
        heads = b.op("Reshape", x, b.constant([0, 0, -1, self._architecture.head_dim]))
        return b.op("Reshape", self._rms(heads, weight), b.constant([0, 0, -1]))

    def gate(self, gate: ir.Value, up: ir.Value) -> ir.Value:
        """SiLU is x * sigmoid(x)."""
        b = self._builder
        return b.op("Mul", b.op("Mul", gate, b.op("Sigmoid", gate)), up)

    def rotate(self, x: ir.Value) -> ir.Value:
        """Rotate every token."""
        return self.rotated(x, self._cos, self._sin)

    def rotate_rows(self, x: ir.Value) -> ir.Value:
        """Rotate the markers' rows."""
        b = self._builder
        index = b.op("Unsqueeze", self._positions, b.constant([-1]))
        cos, sin = (b.op("GatherND", table, index, batch_dims=1) for table in (self._cos, self._sin))
        return self.rotated(x, cos, sin)

    def row_bias(self, window: int | None) -> ir.Value:
        """Every earlier token that the mask shows."""
        return self.bias(self._builder.op("And", self.visible(self.marker_rows(), self._places, window), self._shown))

    def attention(self, q: ir.Value, k: ir.Value, v: ir.Value, window: int | None) -> ir.Value:
        """Attend chunk by chunk: pad the queries to whole chunks, loop, join, cut the padding off."""
        b, a = self._builder, self._architecture
        keys, values = self.heads(self.rotate(k), [0, 2, 3, 1]), self.heads(v, [0, 2, 1, 3])
        zeros = b.constant([0])
        pads = b.op("Concat", b.constant([0, 0, 0, 0]), self._padding, zeros, axis=0)
        queries = b.op("Pad", self.scaled(self.rotate(q)), pads)
        queries = b.op("Reshape", queries, b.constant([0, -1, _CHUNK, a.heads * a.head_dim]))
        chunks = self._loop(queries, keys, values, window)  # [chunks, batch, _CHUNK, heads * head_dim]
        joined = b.op("Transpose", chunks, perm=[1, 0, 2, 3])
        joined = b.op("Reshape", joined, b.constant([0, -1, a.heads * a.head_dim]))
        return b.op("Slice", joined, zeros, self._length, b.constant([1]))

    def _loop(self, queries: ir.Value, keys: ir.Value, values: ir.Value, window: int | None) -> ir.Value:
        b = self._builder
        with b.subgraph("attention") as body:
            step = body.input("step", ir.DataType.INT64)
            going = body.input("going", ir.DataType.BOOL)
            mixed = self._chunk(step, queries, keys, values, window)
            graph = body.finish([b.op("Identity", going), mixed])
        return b.op("Loop", b.op("Squeeze", self._chunks), b.constant(True, np.bool_), body=graph)

    def _chunk(
        self, step: ir.Value, queries: ir.Value, keys: ir.Value, values: ir.Value, window: int | None
    ) -> ir.Value:
        """Attend from one chunk of queries to the keys from the window's first to the chunk's last."""
        b = self._builder
        start = b.op("Reshape", b.op("Mul", step, b.constant(_CHUNK)), b.constant([1]))
        end = b.op("Min", b.op("Add", start, b.constant([_CHUNK])), self._length)
        first = b.constant([0])
        if window is not None:
            first = b.op("Max", b.op("Sub", start, b.constant([window - 1])), b.constant([0]))

        def cut(x: ir.Value, axis: int) -> ir.Value:
            return b.op("Slice", x, first, end, b.constant([axis]))

        rows = self.grouped(b.op("Gather", queries, step, axis=1))
        visible = self.visible(self._chunk_places(start), cut(self._places, 0), window)
        bias = self.bias(b.op("And", visible, cut(self._shown, 3)))
        scores = b.op("Add", b.op("MatMul", rows, cut(keys, 3)), bias)
        return self.ungrouped(b.op("MatMul", b.op("Softmax", scores, axis=-1), cut(values, 2)))

    def _chunk_places(self, start: ir.Value) -> ir.Value:
        """Places [_CHUNK * group, 1] of a chunk's rows."""
        b, group = self._builder, self._architecture.group
        return b.op("Add", start, b.constant(np.repeat(np.arange(_CHUNK), group)[:, None]))

    def _rotary_tables(self, mask: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Cosine and sine [batch, tokens, 1, head_dim / 2]; a token's position counts the unmasked tokens before it."""
        b = self._builder
        places = b.op("Sub", b.op("CumSum", mask, b.constant(1)), b.constant(1))
        places = b.op("Cast", b.op("Unsqueeze", places, b.constant([2, 3])), to=int(ir.DataType.FLOAT))
        angles = b.op("Mul", places, b.constant(frequencies(self._architecture), np.float32))
        return self.cast(b.op("Cos", angles)), self.cast(b.op("Sin", angles))

    def _rms(self, x: ir.Value, weight: ir.Value) -> ir.Value:
        b = self._builder
        wide = x if weight.dtype == ir.DataType.FLOAT else b.op("Cast", x, to=int(ir.DataType.FLOAT))
        mean = b.op("ReduceMean", b.op("Mul", wide, wide), b.constant([-1]))
        root = b.op("Sqrt", b.op("Add", mean, b.constant(self._architecture.epsilon, np.float32)))
        normed = b.op("Div", wide, root)
        if weight.dtype is not None and weight.dtype != ir.DataType.FLOAT:
            normed = b.op("Cast", normed, to=int(weight.dtype))
        return b.op("Mul", normed, weight)
