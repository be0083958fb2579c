"""What the behaviour suite asks of an engine that speaks the search API which OpenSearch and Elasticsearch share."""

from dataclasses import dataclass
from typing import Any, Protocol

from tests.kit.sidecars.lying import LyingSidecar


def by_id(hits: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the hits by id, without what reranking may change."""
    return {hit["_id"]: {name: value for name, value in hit.items() if name != "_score"} for hit in hits}


def at(start: int) -> dict[str, Any]:
    """Return the place of a page as an argument: `from` is a word of Python's."""
    return {"from": start}


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

    @property
    def contents(self) -> dict[str, Any]:
        """The hits by id, without what reranking may change."""
        return by_id(self.body["hits"]["hits"])

    @property
    def passages(self) -> list[str]:
        """The passages that the hits make, in order."""
        sources = [hit["_source"] for hit in self.body["hits"]["hits"]]
        return [f"{source['title'].strip()}\n{source['body'].strip()}" for source in sources]

    @property
    def first_stage(self) -> list[tuple[int, float]]:
        """Each hit's rank and score of the first stage, as an explained answer tells them."""
        names = ("lastly_first_stage_rank", "lastly_first_stage_score")
        rank, score = ([hit["fields"][name][0] for hit in self.body["hits"]["hits"]] for name in names)
        return list(zip(rank, score, strict=True))


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
    text: str = "apple"
    request_id: str = "X-Opaque-Id"

    def page(
        self, size: int = 10, start: int = 0, own: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Search for the word that every document has, with what this search says of its own reranking."""
        ext = {"ext": {"lastly": own}} if own else {}
        return self.search(headers=headers, size=size, **at(start), **ext)

    def configured(self, **settings: Any) -> "Corpus":
        """Set index settings by their short names."""
        assert self.configure(**settings).status == 200
        return self

    def count(self, name: str) -> int:
        """Return a counter."""
        return int(self.counts()[name])

    def breaker_open(self) -> bool:
        """Return whether the sidecar is left alone at present."""
        return bool(self.counts()["breaker"] != "closed")

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
        """Return the node's counters."""
        nodes = self.engine.request("GET", self.engine.stats_path).body["nodes"]
        return dict(next(iter(nodes.values())))
