"""Tokenizes a long text piece by piece, to the same ids as at once."""

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from tokenizers import Tokenizer

from lastly.ranking.steps import Steps

_WORDS = 8  # at a piece's end that are read again with the next: only the very end depends on what follows
_LONGEST_WORD = 1 << 15  # characters; a longer one is read in pieces of that length
_STARTS = frozenset({"Lu", "Ll", "Lo", "Nd", "Po"})  # categories of characters that join nothing before them
_JAMO = range(0x1160, 0x1200)  # Hangul vowels and finals, which do


class LongTexts:
    """Reads texts in pieces of `size` characters that end before a word."""

    def __init__(self, tokenizer: Tokenizer, size: int) -> None:
        self._tokenizer = tokenizer
        self._size = size

    def ids(self, text: str, most: int | None = None) -> Steps[list[int]]:
        """Return the ids of a text; with `most` at least so many of the first, where it has them."""
        found: list[int] = []
        start, size = 0, self._size
        while start < len(text) and (most is None or len(found) < most):
            piece = text[start : start + size]
            encoding = self._tokenizer.encode_batch([piece], add_special_tokens=False)[0]
            yield
            if start + size >= len(text):
                return found + encoding.ids
            tokens, characters = _end(encoding, piece)
            if not characters and size < _LONGEST_WORD:
                size *= 2
                continue
            found += encoding.ids[: tokens or None]
            start, size = start + (characters or size), self._size
        return found


def _end(encoding: Any, piece: str) -> tuple[int, int]:
    """Return how many tokens and characters of a piece stand whatever follows; 0 and 0 where none do."""
    words = encoding.word_ids
    last = (words or [0])[-1] or 0
    starts = [(token, at) for token, at in _word_starts(words, encoding.offsets) if words[token] + _WORDS <= last]
    spaced = [place for place in starts if piece[place[1]] == " "]
    return max(spaced or [place for place in starts if _joins_nothing(piece[place[1]])], default=(0, 0))


def _word_starts(words: Sequence[int | None], offsets: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Return the token and the character at which each word but the first begins."""
    for token, (before, word) in enumerate(itertools.pairwise(words), 1):
        if word is not None and word != before:
            yield token, offsets[token][0]


def _joins_nothing(character: str) -> bool:
    """Return whether Unicode normalization can merge a character with none before it."""
    return unicodedata.category(character) in _STARTS and ord(character) not in _JAMO
