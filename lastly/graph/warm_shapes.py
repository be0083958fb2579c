"""Which shapes runs take on a GPU: tight ones where these are warm, else coarser ones; and which to warm next.

A shape that was not seen before costs 70 to 140 ms (cuDNN plans its attention), so that it is not chosen for being
tight: it is asked for, and taken once it was warmed between two calls.
"""

import threading
from collections import Counter
from collections.abc import Sequence

from lastly.graph import shapes

Shape = tuple[int, int]  # rows, tokens

_MOST = 1024  # shapes: each keeps a plan
_WISHES = 256


class WarmShapes:
    """Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        """`most`: tokens that a row can have at most."""
        self._most = most
        self._warm: set[Shape] = set()
        self._wishes: Counter[Shape] = Counter()
        self._lock = threading.Lock()

    def runs(self, lengths: Sequence[int]) -> list[Shape]:
        """Return the shapes that rows of these lengths are run in, in their order.

        All in one run where its shape is warm, else in runs of powers of two.
        """
        whole = len(lengths), self._fine(max(lengths))
        with self._lock:
            if len(lengths) & (len(lengths) - 1) == 0 or whole in self._warm:
                return [self._closest(len(lengths), max(lengths))]
            self._wish(whole)
            found, start = [], 0
            for count in shapes.split_batch(len(lengths)):
                found.append(self._closest(count, max(lengths[start : start + count])))
                start += count
            return found

    def ran(self, shape: Shape) -> None:
        """Note that a shape is warm."""
        with self._lock:
            self._warm.add(shape)
            self._wishes.pop(shape, None)

    def wanted(self) -> Shape | None:
        """Take the shape that was asked for most often; None where none was."""
        with self._lock:
            if not self._wishes:
                return None
            shape, _ = self._wishes.most_common(1)[0]
            del self._wishes[shape]
            return shape

    def _closest(self, rows: int, tokens: int) -> Shape:
        fine, coarse = (rows, self._fine(tokens)), (rows, min(shapes.padded_length(tokens), self._most))
        if fine in self._warm or coarse not in self._warm:
            return fine
        self._wish(fine)
        return coarse

    def _fine(self, tokens: int) -> int:
        return min(shapes.tight_length(tokens), self._most)

    def _wish(self, shape: Shape) -> None:
        if len(self._warm) < _MOST and (shape in self._wishes or len(self._wishes) < _WISHES):
            self._wishes[shape] += 1
