"""The model as a graph: embedding, layers, and the projected states at the marker positions.

The last layer computes keys and values of every token, but queries, attention and MLP of the markers only: nothing
else of it is read. This is exact.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import onnx_ir as ir

from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.onnx_writer.builder import GraphBuilder
from lastly_export.precision.floating import Precision

Progress = Callable[[str], None]


class Kernels(Protocol):
    """The operations that each kind of graph writes in its own way.

    `packed`: attention takes one product and normalizes its heads; `packed_gate`: `gated` takes gate and up as one.
    """

    packed: bool
    packed_gate: bool

    def norm(self, x: ir.Value, residual: ir.Value | None, weight: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Add the residual and normalize; return the normalized sum and the sum."""

    def head_norm(self, x: ir.Value, weight: ir.Value) -> ir.Value:
        """Normalize each head of [batch, tokens, heads * head_dim]."""

    def attention(self, q: ir.Value, k: ir.Value, v: ir.Value, window: int | None) -> ir.Value:
        """Rotate and attend, every token to itself and earlier ones."""

    def packed_attention(self, qkv: ir.Value, norms: tuple[ir.Value, ir.Value] | None, window: int | None) -> ir.Value:
        """Normalize heads, rotate and attend, on queries, keys and values side by side."""

    def marker_attention(self, q: ir.Value, k: ir.Value, v: ir.Value, window: int | None) -> ir.Value:
        """The same for queries at the marker positions only."""

    def gate(self, gate: ir.Value, up: ir.Value) -> ir.Value:
        """SiLU(gate) * up."""

    def gated(self, gate_up: ir.Value) -> ir.Value:
        """The same of gate and up side by side."""


def marker_positions(builder: GraphBuilder) -> ir.Value:
    """Declare the position inputs; return [batch, documents + 1], the query's marker last."""
    documents = builder.input("document_positions", ir.DataType.INT64, ["batch", "documents"])
    query = builder.input("query_position", ir.DataType.INT64, ["batch"])
    return builder.op("Concat", documents, builder.op("Unsqueeze", query, builder.constant([1])), axis=1)


class Decoder:
    """Writes one checkpoint's layers with given kernels and precision."""

    def __init__(self, builder: GraphBuilder, checkpoint: Checkpoint, precision: Precision, kernels: Kernels) -> None:
        self._builder = builder
        self._checkpoint = checkpoint
        self._precision = precision
        self._kernels = kernels

    def build(self, input_ids: ir.Value, positions: ir.Value, progress: Progress) -> ir.Model:
        """Write the whole graph; `progress` is called with each part's name once it is written."""
        a = self._checkpoint.architecture
        hidden: ir.Value = self._precision.embed(input_ids)
        residual: ir.Value | None = None
        progress("embedding")
        for layer in range(a.layers - 1):
            hidden, residual = self._layer(layer, hidden, residual, None)
            progress(f"layer {layer}")
        hidden, residual = self._layer(a.layers - 1, hidden, residual, positions)
        progress(f"layer {a.layers - 1}")
        return self._builder.finish(self._head(hidden, residual))

    def _layer(
        self, layer: int, hidden: ir.Value, residual: ir.Value | None, markers: ir.Value | None
    ) -> tuple[ir.Value, ir.Value]:
        prefix = f"model.layers.{layer}"
        normed, residual = self._kernels.norm(hidden, residual, self._vector(f"{prefix}.input_layernorm"))
        window = self._checkpoint.architecture.windows[layer]
        if markers is None:
            attended = self._attention(prefix, normed, window)
        else:
            k, v = self._keys_and_values(prefix, normed)
            normed, residual = self._rows(normed, markers), self._rows(residual, markers)
            attended = self._kernels.marker_attention(self._queries(prefix, normed), k, v, window)
        hidden = self._linear(f"{prefix}.self_attn.o_proj", attended)
        normed, residual = self._kernels.norm(hidden, residual, self._vector(f"{prefix}.post_attention_layernorm"))
        return self._mlp(f"{prefix}.mlp", normed), residual

    def _attention(self, prefix: str, normed: ir.Value, window: int | None) -> ir.Value:
        if not self._kernels.packed:
            k, v = self._keys_and_values(prefix, normed)
            return self._kernels.attention(self._queries(prefix, normed), k, v, window)
        names = (f"{prefix}.self_attn.{part}_proj.weight" for part in "qkv")
        norms = None
        if self._checkpoint.architecture.qk_norm:
            norms = self._vector(f"{prefix}.self_attn.q_norm"), self._vector(f"{prefix}.self_attn.k_norm")
        return self._kernels.packed_attention(self._precision.linear(normed, *names), norms, window)

    def _queries(self, prefix: str, normed: ir.Value) -> ir.Value:
        return self._head_normed(f"{prefix}.self_attn", "q", normed)

    def _keys_and_values(self, prefix: str, normed: ir.Value) -> tuple[ir.Value, ir.Value]:
        keys = self._head_normed(f"{prefix}.self_attn", "k", normed)
        return keys, self._linear(f"{prefix}.self_attn.v_proj", normed)

    def _head_normed(self, prefix: str, part: str, x: ir.Value) -> ir.Value:
        """Project without each token's scale: the norm that follows cancels it."""
        name = f"{prefix}.{part}_proj"
        if not self._checkpoint.architecture.qk_norm:
            return self._linear(name, x)
        loose, _ = self._precision.linear_and_scale(x, f"{name}.weight")
        return self._kernels.head_norm(loose, self._vector(f"{prefix}.{part}_norm"))

    def _mlp(self, prefix: str, normed: ir.Value) -> ir.Value:
        if self._kernels.packed_gate:
            both = self._precision.linear(normed, f"{prefix}.gate_proj.weight", f"{prefix}.up_proj.weight")
            return self._linear(f"{prefix}.down_proj", self._kernels.gated(both))
        # Elsewhere they stay two products: one packed product needs a Split, which copies [tokens, 2 * mlp].
        gate = self._linear(f"{prefix}.gate_proj", normed)
        up, factor = self._precision.linear_and_scale(normed, f"{prefix}.up_proj.weight")
        return self._precision.linear(self._kernels.gate(gate, up), f"{prefix}.down_proj.weight", scale=factor)

    def _head(self, hidden: ir.Value, residual: ir.Value) -> list[ir.Value]:
        """Final norm and projector, in fp32 whatever the precision."""
        weight = self._fp32("model.norm.weight")
        normed, _ = self._kernels.norm(self._cast(hidden), self._cast(residual), weight)
        b = self._builder
        inner = b.op("Relu", b.op("MatMul", normed, self._fp32("projector.0.weight", transposed=True)))
        projected = b.op("MatMul", inner, self._fp32("projector.2.weight", transposed=True))
        documents = b.op("Slice", projected, b.constant([0]), b.constant([-1]), b.constant([1]))
        query = b.op("Gather", projected, b.constant(-1), axis=1)
        width = self._checkpoint.projector_widths[1]
        return [
            _output(documents, "document_embeddings", ["batch", "documents", width]),
            _output(query, "query_embedding", ["batch", width]),
        ]

    def _rows(self, x: ir.Value, positions: ir.Value) -> ir.Value:
        """Gather [batch, tokens, width] at positions [batch, rows]."""
        b = self._builder
        return b.op("GatherND", x, b.op("Unsqueeze", positions, b.constant([-1])), batch_dims=1)

    def _cast(self, x: ir.Value) -> ir.Value:
        if self._precision.activation == ir.DataType.FLOAT:
            return x
        return self._builder.op("Cast", x, to=int(ir.DataType.FLOAT))

    def _fp32(self, name: str, *, transposed: bool = False) -> ir.Value:
        array = self._checkpoint.tensor(name).astype(np.float32)
        return self._builder.weight(name, np.ascontiguousarray(array.T) if transposed else array)

    def _vector(self, name: str) -> ir.Value:
        return self._precision.vector(f"{name}.weight")

    def _linear(self, name: str, x: ir.Value) -> ir.Value:
        return self._precision.linear(x, f"{name}.weight")


def _output(value: ir.Value, name: str, shape: list[int | str]) -> ir.Value:
    value.name = name
    value.type = ir.TensorType(ir.DataType.FLOAT)
    value.shape = ir.Shape(shape)
    return value
