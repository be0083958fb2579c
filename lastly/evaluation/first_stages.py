"""Where the candidates come from."""

from collections.abc import Sequence
from typing import Protocol

from lastly.evaluation.collection import Collection
from lastly.search.bm25 import FirstStage
from lastly.search.hits import Hit


class Candidates(Protocol):
    """A first stage: the embedded BM25, an engine's index, or your own."""

    @property
    def name(self) -> str:
        """Its name in the report."""
        ...

    def search(self, query: str, size: int) -> Sequence[Hit]:
        """Return at most `size` hits, best first."""
        ...


class EmbeddedBm25:
    """BM25 over the collection's own corpus, in memory."""

    name = "BM25 (embedded)"

    def __init__(self, collection: Collection) -> None:
        self._index = FirstStage(collection.corpus)

    def search(self, query: str, size: int) -> Sequence[Hit]:
        """Return at most `size` hits, best first."""
        return self._index.search(query, size)
