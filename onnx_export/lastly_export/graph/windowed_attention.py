"""Attention with a sliding window on the CPU: the list is cut into chunks, and each reads itself and the one before.

ONNX Runtime's CPU kernel computes every score and masks those outside the window (1.32). Pairs of neighbouring chunks,
side by side as a batch, hold all that a window of one chunk's length can see: 8,192 tokens with a window of 1,024 need
a fifth of the scores.
"""

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from lastly_export.onnx_writer.builder import GraphBuilder

Pairwise = Callable[[ir.Value, ir.Value, ir.Value, ir.Value, ir.Value], ir.Value]
"""q, k, v [pairs, tokens, width], the index of each pair's last token [pairs], the tokens of a pair (scalar)."""


class Chunks:
    """Cuts [batch, tokens, width] into overlapping pairs of chunks and puts their results together again.

    A chunk is as long as the window, or half the list where that is shorter: then one pair holds the whole list.
    """

    def __init__(self, builder: GraphBuilder, tokens: ir.Value, lengths: ir.Value, window: int) -> None:
        """`tokens`: int32 scalar, the length of the padded lists; `lengths`: any value whose shape is [batch]."""
        self._builder = b = builder
        self._tokens = b.op("Reshape", b.op("Cast", tokens, to=int(ir.DataType.INT64)), b.constant([1]))
        one, two = b.constant([1]), b.constant([2])
        half = b.op("Div", b.op("Add", self._tokens, one), two)
        self._length = b.op("Min", b.constant([window]), half)
        rounded = b.op("Sub", b.op("Add", self._tokens, self._length), one)
        self._count = b.op("Max", two, b.op("Div", rounded, self._length))
        padding = b.op("Sub", b.op("Mul", self._count, self._length), self._tokens)
        self._padding = b.op("Concat", b.constant([0, 0, 0, 0]), padding, b.constant([0]), axis=0)
        batch = b.op("Shape", lengths)
        pairs = b.op("Mul", batch, b.op("Sub", self._count, one))
        self._pair_length = b.op("Mul", self._length, two)
        last = b.op("Cast", b.op("Sub", self._pair_length, one), to=int(ir.DataType.INT32))
        self._last = b.op("Expand", last, pairs)
        self._total = b.op("Squeeze", b.op("Cast", self._pair_length, to=int(ir.DataType.INT32)), b.constant([0]))
        keep, rest = b.constant([0]), b.constant([-1])
        self._as_chunks = b.op("Concat", keep, self._count, self._length, rest, axis=0)
        self._as_pairs = b.op("Concat", rest, self._pair_length, axis=0)
        self._as_halves = b.op("Concat", batch, rest, two, self._length, axis=0)
        self._as_list = b.op("Concat", batch, b.op("Mul", self._count, self._length), rest, axis=0)

    def attend(self, attention: Pairwise, q: ir.Value, k: ir.Value, v: ir.Value, widths: tuple[int, int]) -> ir.Value:
        """Run `attention` over the pairs; `widths` are those of the queries and of the keys."""
        inputs = (self._pairs(q, widths[0]), self._pairs(k, widths[1]), self._pairs(v, widths[1]))
        return self._joined(attention(*inputs, self._last, self._total), widths[0])

    def _pairs(self, x: ir.Value, width: int) -> ir.Value:
        b = self._builder
        chunks = b.op("Reshape", b.op("Pad", x, self._padding), self._as_chunks)
        earlier = b.op("Slice", chunks, b.constant([0]), b.constant([-1]), b.constant([1]))
        later = b.op("Slice", chunks, b.constant([1]), b.constant([np.iinfo(np.int64).max]), b.constant([1]))
        joined = b.op("Concat", earlier, later, axis=2)
        return b.op("Reshape", joined, b.op("Concat", self._as_pairs, b.constant([width]), axis=0))

    def _joined(self, attended: ir.Value, width: int) -> ir.Value:
        """Take the first pair's first half and every pair's second."""
        b = self._builder
        halves = b.op("Reshape", attended, b.op("Concat", self._as_halves, b.constant([width]), axis=0))
        first, second = b.ops("Split", 2, halves, axis=2, num_outputs=2)
        start = b.op("Slice", first, b.constant([0]), b.constant([1]), b.constant([1]))
        chunks = b.op("Concat", start, second, axis=1)
        whole = b.op("Reshape", chunks, self._as_list)
        return b.op("Slice", whole, b.constant([0]), self._tokens, b.constant([1]))
