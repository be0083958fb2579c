"""What the lab may search: the demo, a file of documents, engines that the operator named. Nothing else."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from lastly.errors import InvalidRequestError
from lastly.local.documents import Document
from lastly.local.engine import EngineIndex, list_fields, list_indices
from lastly.local.first_stage import FirstStage, Hit
from lastly.local.http_json import JsonServer

_LOCAL_FIELDS = ["title", "text"]


class Source(Protocol):
    """A place to search."""

    @property
    def title(self) -> str:
        """How the page calls it."""
        ...

    def up(self) -> bool:
        """Whether it can be asked now."""
        ...

    def indices(self) -> list[str]:
        """Name what can be searched."""
        ...

    def fields(self, index: str) -> list[str]:
        """Name an index's text fields."""
        ...

    def search(self, index: str, fields: Sequence[str], query: str, size: int) -> list[Hit]:
        """Give at most `size` first-stage hits, best first."""
        ...


class LocalSource:
    """Documents of this machine under BM25, read and indexed once."""

    def __init__(self, title: str, documents: Callable[[], Sequence[Document]]) -> None:
        self.title = title
        self._documents = documents
        self._index: FirstStage | None = None
        self._lock = threading.Lock()

    def up(self) -> bool:
        """It is here, if not read yet."""
        return True

    def indices(self) -> list[str]:
        """There is one."""
        return ["documents"]

    def fields(self, index: str) -> list[str]:
        """Title and text, always both."""
        return list(_LOCAL_FIELDS)

    def search(self, index: str, fields: Sequence[str], query: str, size: int) -> list[Hit]:
        """Search title and text."""
        return self.prepare().search(query, size)

    def prepare(self) -> FirstStage:
        """Read and index the documents, once; so that the first search is as fast as the others."""
        with self._lock:
            if self._index is None:
                self._index = FirstStage(self._documents())
            return self._index


class EngineSource:
    """An OpenSearch or Elasticsearch that the operator named when the lab was started."""

    def __init__(self, server: JsonServer) -> None:
        self._server = server
        self.title = server.shown

    def up(self) -> bool:
        """Whether the engine takes connections."""
        return self._server.reachable()

    def indices(self) -> list[str]:
        """Ask the engine."""
        return list_indices(self._server)

    def fields(self, index: str) -> list[str]:
        """Ask the engine."""
        return list_fields(self._server, index)

    def search(self, index: str, fields: Sequence[str], query: str, size: int) -> list[Hit]:
        """Search the index's fields; raises InvalidRequestError with the engine's reason."""
        if not index:
            raise InvalidRequestError("choose an index first")
        return EngineIndex(self._server, index, fields).search(query, size)


class Sources:
    """The sources by number, so that a page can only ask for one of these."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = list(sources)

    def described(self) -> list[tuple[str, bool]]:
        """Name the sources, in order, and say which can be asked now; all are tried at once."""
        with ThreadPoolExecutor(len(self._sources)) as pool:
            up = pool.map(lambda source: source.up(), self._sources)
            return [(source.title, found) for source, found in zip(self._sources, up, strict=True)]

    def get(self, number: int) -> Source:
        """Give a source; raises InvalidRequestError for an unknown one."""
        if not 0 <= number < len(self._sources):
            raise InvalidRequestError("no such source; load the page again")
        return self._sources[number]
