"""Texts for a teacher, side by side in rows of one width: hardly any padding, and one shape of run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lastly_training.text.ragged import Values
from lastly_training.text.words import Spelling

MAXIMUM_LENGTH = 256  # tokens of a text
_WIDTH = 512


@dataclass(frozen=True)
class Packed:
    """`ids`, each token's `text` (from 1 on; 0 is padding) and its `place` in that, all [rows, 512].

    `firsts` [texts]: where each text begins in the flattened rows.
    """

    ids: Tensor
    text: Tensor
    place: Tensor
    firsts: Tensor

    def to(self, device: str) -> "Packed":
        """Move every tensor."""
        return Packed(**{name: value.to(device, non_blocking=True) for name, value in vars(self).items()})


@dataclass(frozen=True)
class Reading:
    """How a teacher reads a text: what stands before a document and before a query, the words, what ends it."""

    spelling: Spelling
    before_document: list[int]
    before_query: list[int]
    end: list[int]

    def packed(self, documents: Sequence[Values], queries: Sequence[Values]) -> Packed:
        """Pack documents, then queries, given as words."""
        return pack([*self._read(documents, self.before_document), *self._read(queries, self.before_query)])

    def _read(self, texts: Sequence[Values], before: list[int]) -> list[Values]:
        room = MAXIMUM_LENGTH - len(before) - len(self.end)
        return [np.concatenate((before, ids, self.end)) for ids in self.spelling.ids(texts, room)]


def pack(texts: Sequence[Values]) -> Packed:
    """Put texts into rows, long ones first, each into the row that was begun last."""
    rows: list[list[int]] = []
    room = 0
    for text in sorted(range(len(texts)), key=lambda text: -len(texts[text])):
        if len(texts[text]) > room:
            rows.append([])
            room = _WIDTH
        rows[-1].append(text)
        room -= len(texts[text])
    ids, owner, place = (np.zeros((len(rows), _WIDTH), np.int32) for _ in range(3))
    firsts = np.zeros(len(texts), np.int64)
    for number, row in enumerate(rows):
        at = 0
        for text in row:
            end = at + len(texts[text])
            ids[number, at:end] = texts[text]
            owner[number, at:end] = text + 1
            place[number, at:end] = np.arange(end - at)
            firsts[text] = number * _WIDTH + at
            at = end
    return Packed(*map(torch.from_numpy, (ids, owner, place, firsts)))
