"""Texts as numbers of their words, and how tokenizers spell those: texts can be changed and tokenised without either.

A word is what stands between spaces, in lower case; line breaks are words too. Tokens never span words.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from lastly_training.text import bm25
from lastly_training.text.ragged import Ragged, Values

_MOST_WORDS = 1024  # that are kept of a text
_WORD = re.compile(r"\n[\s]*|\S+")
_BREAK = 0  # a line break's number
Encode = Callable[[list[str]], list[list[int]]]


@dataclass
class Words:
    """Every word of the texts that were read, by number."""

    numbers: dict[str, int] = field(default_factory=lambda: {"\n": _BREAK})

    def read(self, texts: Sequence[str]) -> Ragged:
        """Return each text's words; new ones get the next numbers."""
        return Ragged.of([self._read(text) for text in texts])

    def terms(self) -> Values:
        """Return for every word the number of what a search compares of it; 0 where that is nothing."""
        found: dict[str, int] = {}
        first = (next(iter(bm25.words(word)), "") for word in self.numbers)
        return np.array([found.setdefault(term, len(found) + 1) if term else 0 for term in first], np.int32)

    def _read(self, text: str) -> list[int]:
        numbers = self.numbers
        found = _WORD.findall(text.lower())[:_MOST_WORDS]
        return [numbers.setdefault("\n" if word[0] == "\n" else word, len(numbers)) for word in found]


@dataclass(frozen=True)
class Spelling:
    """The token ids of every word behind a space, then of every word where a text or a line begins."""

    table: Ragged
    lengths: Values  # of every word, in tokens, at most

    @classmethod
    def of(cls, words: Words, encode: Encode) -> "Spelling":
        """Spell all words by a tokenizer."""
        behind = [word if word == "\n" else f" {word}" for word in words.numbers]
        table = Ragged.of(encode(behind) + encode(list(words.numbers)))
        return cls(table, np.maximum(*np.split(table.lengths, 2)))

    def fitting(self, text: Values, limit: int) -> Values:
        """Return the first words of a text that make no more than `limit` tokens."""
        return text[: np.searchsorted(self.lengths[text].cumsum(), limit, "right")]

    def ids(self, texts: Sequence[Values], limit: int) -> list[Values]:
        """Return the first `limit` token ids of texts that are given as words."""
        lengths = np.array([len(text) for text in texts])
        words = np.concatenate([*texts, np.zeros(0, np.int32)])
        starts = np.concatenate(([0], np.cumsum(lengths)))
        begins = np.concatenate(([False], words[:-1] == _BREAK))[: len(words)]
        begins[starts[:-1][lengths > 0]] = True
        spelled = self.table.gather(words + begins * (len(self.table) // 2))
        bounds = spelled.starts[starts]
        return [spelled.values[start : min(end, start + limit)] for start, end in itertools.pairwise(bounds)]


def rarity(terms: Values, documents: Ragged) -> Values:
    """Return every term's inverse document frequency over the documents; 0 for "none"."""
    size = int(terms.max(initial=0)) + 1
    count = np.zeros(size, np.int64)
    for row in range(len(documents)):
        count[np.unique(terms[documents[row]])] += 1
    found = np.log1p((len(documents) - count + 0.5) / (count + 0.5)).astype(np.float32)
    found[0] = 0
    return found


def relative_bm25(query: Values, documents: Sequence[Values], rarity: Values) -> Values:
    """Score documents against a query, both given as terms, by BM25; relative to the best."""
    wanted = np.unique(query[query > 0])
    if not len(wanted):
        return np.zeros(len(documents), np.float32)
    lengths = np.array([len(document) for document in documents])
    terms = np.concatenate(documents)
    place = np.searchsorted(wanted, terms).clip(max=len(wanted) - 1)
    hit = wanted[place] == terms
    owner = np.repeat(np.arange(len(documents)), lengths)
    shape = (len(documents), len(wanted))
    counts = np.bincount(owner[hit] * len(wanted) + place[hit], minlength=shape[0] * shape[1]).reshape(shape)
    norm = bm25.K1 * (1 - bm25.B + bm25.B * lengths / max(lengths.mean(), 1))
    scores = (counts / (counts + norm[:, None].clip(min=1e-3))) @ rarity[wanted]
    return (scores / max(scores.max(initial=0), 1e-6)).astype(np.float32)
