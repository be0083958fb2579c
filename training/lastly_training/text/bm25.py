"""The candidate lists: BM25 in Lucene's form (k1 1.5, b 0.75, English stop words, no stemming), as bm25s' default.

bm25s itself adds the same weights up in another order and breaks ties otherwise, so that some candidate lists would
differ: what was trained and measured by these could not be repeated with its.
"""

import re

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from lastly_training.text.ragged import IntArray

FloatArray = npt.NDArray[np.float32]

K1, B = 1.5, 0.75
_AT_ONCE = 1024  # queries
_WORD = re.compile(r"(?u)\b\w\w+\b")
_STOP_WORDS = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "  # noqa: SIM905
    "to was will with".split()
)


def words(text: str) -> list[str]:
    """Return the lower-cased words of two letters or more, without stop words."""
    return [word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS]


class BM25:
    """An index over texts, as one sparse matrix of weights: words × documents."""

    def __init__(self, documents: list[str]) -> None:
        tokens = [words(text) for text in documents]
        self.vocabulary = {word: row for row, word in enumerate(sorted({word for text in tokens for word in text}))}
        counts = self._counts(tokens)
        lengths = np.asarray(counts.sum(1)).ravel()
        frequency = np.bincount(counts.indices, minlength=len(self.vocabulary))
        idf = np.log1p((len(documents) - frequency + 0.5) / (frequency + 0.5))
        norm = K1 * (1 - B + B * lengths / max(lengths.mean(), 1))
        row_norm = np.repeat(norm, np.diff(counts.indptr))
        counts.data = (idf[counts.indices] * counts.data / (counts.data + row_norm)).astype(np.float32)
        self._weights = counts.T.tocsr()

    def scores(self, queries: list[str]) -> sp.csr_matrix:
        """Score every document that shares a word with a query: sparse [queries, documents]."""
        return (self._counts([words(text) for text in queries]) @ self._weights).tocsr()

    def top(self, queries: list[str], size: int) -> list[IntArray]:
        """Return each query's best documents by row, best first; fewer than `size` where fewer share a word with it."""
        starts = range(0, len(queries), _AT_ONCE)
        return [rows for start in starts for rows in self._top(queries[start : start + _AT_ONCE], size)]

    def _top(self, queries: list[str], size: int) -> list[IntArray]:
        scores = self.scores(queries)
        found = []
        for start, end in zip(scores.indptr[:-1], scores.indptr[1:], strict=True):
            documents, values = scores.indices[start:end], scores.data[start:end]
            if len(values) > size:
                best = np.argpartition(-values, size)[:size]
                documents, values = documents[best], values[best]
            order = np.lexsort((documents, -values))
            found.append(documents[order].astype(np.int64))
        return found

    def _counts(self, tokens: list[list[str]]) -> sp.csr_matrix:
        columns = [[self.vocabulary[word] for word in text if word in self.vocabulary] for text in tokens]
        pointers = np.cumsum([0, *map(len, columns)])
        flat = np.fromiter((column for text in columns for column in text), np.int64, pointers[-1])
        ones = np.ones(len(flat), np.float32)
        matrix = sp.csr_matrix((ones, flat, pointers), (len(tokens), len(self.vocabulary)))
        matrix.sum_duplicates()
        return matrix
