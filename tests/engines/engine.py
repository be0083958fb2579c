"""What the behaviour suite asks of an engine that speaks the search API which OpenSearch and Elasticsearch share."""

from dataclasses import dataclass
from typing import Any, Protocol

from tests.engines.vespa.lying_sidecar import LyingSidecar


@dataclass(frozen=True)
class Answer:
    """An answer as it came, refused or not."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def ids(self) -> list[str]:
        """The hits' ids, in order."""
        return [hit["_id"] for hit in self.body["hits"]["hits"]]

    @property
    def scores(self) -> list[float]:
        """The hits' scores, in order."""
        return [hit["_score"] for hit in self.body["hits"]["hits"]]

    @property
    def warning(self) -> str:
        """The warning header, or nothing."""
        return self.headers.get("warning", "")


class Engine(Protocol):
    """One node of a real engine with Lastly in it."""

    url: str
    stats_path: str

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request; an error is an answer too. A list as body is sent as lines of JSON."""
        ...


@dataclass
class Corpus:
    """An index whose first-stage order is known, and the sidecar that its searches call."""

    engine: Engine
    sidecar: LyingSidecar
    index: str

    def configure(self, **settings: Any) -> Answer:
        """Set index settings by their short names."""
        body = {f"index.lastly.{name}": value for name, value in settings.items()}
        return self.engine.request("PUT", f"/{self.index}/_settings", body)

    def search(self, query: Any = None, headers: dict[str, str] | None = None, **body: Any) -> Answer:
        """Search; without a query, for the word that every document has."""
        body = {"query": query or {"match": {"body": "apple"}}, **body}
        if "retriever" in body:
            del body["query"]
        return self.engine.request("POST", f"/{self.index}/_search", body, headers)

    def plain(self, query: Any = None, **body: Any) -> Answer:
        """Search with reranking switched off for this search."""
        return self.search(query, **{**body, "ext": {"lastly": {"enabled": False}}})

    def counts(self) -> dict[str, Any]:
        """Give the node's counters."""
        nodes = self.engine.request("GET", self.engine.stats_path).body["nodes"]
        return dict(next(iter(nodes.values())))
