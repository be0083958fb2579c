"""The inputs of a run: encodings as padded arrays, one for each input of the graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lastly.types import Encoding


@dataclass(frozen=True)
class Batch:
    """Encodings of one run, padded on the right."""

    input_ids: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]
    document_positions: npt.NDArray[np.int64]
    query_position: npt.NDArray[np.int64]

    @classmethod
    def of(cls, encodings: Sequence[Encoding], pad: int, tokens: int, documents: int) -> "Batch":
        """Pad to [encodings, tokens] and [encodings, documents]."""
        return cls(
            _padded([encoding.input_ids for encoding in encodings], pad, tokens),
            np.array([len(encoding.input_ids) for encoding in encodings], np.int32),
            _padded([encoding.document_positions for encoding in encodings], 0, documents),
            np.array([encoding.query_position for encoding in encodings], np.int64),
        )


INPUTS: dict[str, Callable[[Batch], npt.NDArray[Any]]] = {
    "input_ids": lambda batch: batch.input_ids,
    "sequence_lengths": lambda batch: batch.lengths,
    "total_sequence_length": lambda batch: np.array(batch.input_ids.shape[1], np.int32),
    "attention_mask": lambda batch: (np.arange(batch.input_ids.shape[1]) < batch.lengths[:, None]).astype(np.int64),
    "document_positions": lambda batch: batch.document_positions,
    "query_position": lambda batch: batch.query_position,
}


def _padded(rows: Sequence[npt.NDArray[np.int64]], value: int, width: int) -> npt.NDArray[np.int64]:
    table = np.full((len(rows), width), value, np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table
