"""Rows of unequal length in one flat array: no object a row, so that processes share them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Ragged:
    """`values` of all rows one after the other; row r lies from `starts[r]` to `starts[r + 1]`."""

    values: Values
    starts: IntArray

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any] | Values], kind: npt.DTypeLike = np.int32) -> "Ragged":
        """Lay rows out."""
        starts = np.cumsum([0, *map(len, rows)])
        flat = np.fromiter((value for row in rows for value in row), kind, starts[-1])
        return cls(flat, starts)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> Values:
        """Return a row's values."""
        return self.values[self.starts[row] : self.starts[row + 1]]

    @property
    def lengths(self) -> IntArray:
        """Return every row's length."""
        return np.diff(self.starts)

    def gather(self, rows: Values) -> "Ragged":
        """Return the named rows, in that order."""
        begins = self.starts[rows]
        lengths = self.starts[rows + 1] - begins
        starts = np.concatenate(([0], np.cumsum(lengths)))
        places = np.repeat(begins - starts[:-1], lengths) + np.arange(starts[-1])
        return Ragged(self.values[places], starts)
