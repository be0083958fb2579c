"""What the lab may search: the demo, a file of documents, engines that were named to it. Nothing else."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from lastly.errors import ForbiddenError, InvalidRequestError
from lastly.search.bm25 import FirstStage
from lastly.search.documents import Document
from lastly.search.hits import Hit
from lastly_integrations.json_client import JsonClient
from lastly_integrations.recognise import Engine, recognise

_LOCAL_FIELDS = ["title", "text"]
_MOST = 32


class Source(Protocol):
    """A place to search."""

    @property
    def title(self) -> str:
        """Its name on the page."""
        ...

    def up(self) -> bool:
        """Whether it can be searched now."""
        ...

    def indices(self) -> list[str]:
        """Name what can be searched."""
        ...

    def fields(self, index: str) -> list[str]:
        """Name an index's text fields."""
        ...

    def search(self, index: str, fields: Sequence[str], query: str, size: int) -> Sequence[Hit]:
        """Return at most `size` first-stage hits, best first."""
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

    def search(self, index: str, fields: Sequence[str], query: str, size: int) -> Sequence[Hit]:
        """Search title and text."""
        return self.prepare().search(query, size)

    def prepare(self) -> FirstStage:
        """Read and index the documents, once; so that the first search is as fast as the others."""
        with self._lock:
            if self._index is None:
                self._index = FirstStage(self._documents())
            return self._index


class EngineSource:
    """An engine: OpenSearch, Elasticsearch or Vespa, found out at the first question."""

    def __init__(self, client: JsonClient) -> None:
        self.client = client
        self._engine: Engine | None = None

    @property
    def title(self) -> str:
        """Its address without user and password."""
        return self.client.shown

    def up(self) -> bool:
        """Whether the engine takes connections."""
        return self.client.reachable()

    def indices(self) -> list[str]:
        """Ask the engine."""
        return self.engine().indices()

    def fields(self, index: str) -> list[str]:
        """Ask the engine."""
        return self.engine().fields(index)

    def search(self, index: str, fields: Sequence[str], query: str, size: int) -> Sequence[Hit]:
        """Search the index's fields; raises InvalidRequestError with the engine's reason."""
        if not index:
            raise InvalidRequestError("choose an index first")
        return self.engine().index(index, fields).search(query, size)

    def engine(self) -> Engine:
        """Return the engine; raises NotReadyError where nothing answers, InvalidRequestError where it is none."""
        if self._engine is None:
            self._engine = recognise(self.client)
        return self._engine


class Sources:
    """The sources by number, so that a page can only ask for one of these; `open`: it may add engines to them."""

    def __init__(self, sources: Sequence[Source], open_to_more: bool = False) -> None:
        self._sources = list(sources)
        self.open = open_to_more

    def described(self) -> list[tuple[str, bool]]:
        """Name the sources, in order, and say which can be asked now; all are tried at once."""
        sources = list(self._sources)
        with ThreadPoolExecutor(len(sources)) as pool:
            up = pool.map(lambda source: source.up(), sources)
            return [(source.title, found) for source, found in zip(sources, up, strict=True)]

    def get(self, number: int) -> Source:
        """Return a source; raises InvalidRequestError for an unknown one."""
        if not 0 <= number < len(self._sources):
            raise InvalidRequestError("no such source; load the page again")
        return self._sources[number]

    def connect(self, client: JsonClient) -> int:
        """Add an engine, in the place of one at the same address; return its number.

        Raises ForbiddenError where the lab is closed to more, NotReadyError where nothing answers, InvalidRequestError
        where it is no engine or there are too many.
        """
        if not self.open:
            raise ForbiddenError("this lab searches only what it was started with: lastly lab --engine URL")
        source = EngineSource(client)
        source.engine()
        known = [place for place, other in enumerate(self._sources) if other.title == source.title]
        if known:
            self._sources[known[0]] = source
            return known[0]
        if len(self._sources) >= _MOST:
            raise InvalidRequestError(f"{_MOST} sources are the most; start the lab again")
        self._sources.append(source)
        return len(self._sources) - 1
