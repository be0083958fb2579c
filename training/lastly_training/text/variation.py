"""Changed texts: pieces, pieces of several joined, words replaced.

No text is read twice, so that none is learnt by heart. A teacher judges every change anew: it need make no sense.
"""

import numpy as np

from lastly.ranking.excerpts import Parts
from lastly.ranking.steps import finish
from lastly.ranking.word_overlap import inverse_document_frequencies
from lastly_training.text.ragged import Ragged, Values

_SHORTEST = 6
Random = np.random.Generator


class Variation:
    """Changes texts that are given as words; `documents` lends words and pieces."""

    def __init__(self, documents: Ragged, terms: Values) -> None:
        self._documents, self._terms = documents, terms

    def document(self, words: Values, rng: Random) -> Values:
        """Return a piece, pieces of two documents, or the text with some words replaced."""
        kind = rng.integers(4)
        if kind == 0:
            return piece(words, rng)
        if kind == 1:
            other = self._documents[int(rng.integers(len(self._documents)))]
            parts = [piece(words, rng), piece(other, rng)]
            return np.concatenate(parts[:: 1 if rng.random() < 0.5 else -1])
        return self._replaced(piece(words, rng) if kind == 2 else words, rng)

    def query(self, words: Values, source: Values, rng: Random) -> Values:
        """Return some words of the document `source`, in a row or not, or the query with a word replaced."""
        kind = rng.integers(4)
        if kind == 0 or not len(source):
            return self._replaced(words, rng)
        if kind == 1:
            kept = np.unique(source[self._terms[source] > 0])
            return rng.permutation(kept)[: rng.integers(1, 7)] if len(kept) else words
        size = int(rng.integers(3, 16 if kind == 2 else 9))
        start = int(rng.integers(max(1, len(source) - size)))
        return source[start : start + size]

    def cut(self, words: Values, query: Values, room: int, relevant: bool, rng: Random) -> Values:
        """Cut a text to `room` words: its beginning, any piece, or an excerpt for the query."""
        if len(words) <= room:
            return words
        kind = rng.integers(4)
        if kind == 0:
            return self.excerpt(words, query, room)
        if kind == 1 and not relevant:
            start = int(rng.integers(len(words) - room))
            return words[start : start + room]
        return words[:room]

    def excerpt(self, words: Values, query: Values, room: int) -> Values:
        """Return an excerpt of a document by a query, as it is served where the document is the only one."""
        wanted = frozenset(self._terms[query].tolist()) - {0}
        held = Parts.of(len(words), room, lambda stretch: wanted.intersection(self._terms[words[stretch]].tolist()))
        parts = finish(held)
        best = finish(parts.best(inverse_document_frequencies(parts.terms)))
        return np.concatenate([words[stretch] for stretch in best])

    def _replaced(self, words: Values, rng: Random) -> Values:
        """Put words of any document in place of up to a third."""
        if not len(words):
            return words
        where = rng.random(len(words)) < rng.uniform(0.03, 0.33)
        lent = self._documents.values[rng.integers(len(self._documents.values), size=int(where.sum()))]
        changed = words.copy()
        changed[where] = lent
        return changed


def piece(words: Values, rng: Random) -> Values:
    """Return a run of words, of any length from six on."""
    if len(words) <= _SHORTEST:
        return words
    size = int(rng.integers(_SHORTEST, len(words) + 1))
    start = int(rng.integers(len(words) - size + 1))
    return words[start : start + size]
