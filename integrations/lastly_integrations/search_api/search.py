"""OpenSearch and Elasticsearch as first stages: both speak the same search here."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from lastly.errors import InvalidRequestError
from lastly_integrations.documents import Document, Hit
from lastly_integrations.json_client import JsonClient

# Keeps an index that Lastly already reranks from doing so here; engines without the plugin refuse the section.
_FIRST_STAGE_ONLY = {"lastly": {"enabled": False}}


class SearchApi:
    """A server of either engine."""

    def __init__(self, client: JsonClient) -> None:
        self.client = client

    def indices(self) -> list[str]:
        """Name the open indices, hidden ones left out; raises InvalidRequestError where the server refuses."""
        answer = self._get("/_cat/indices?format=json&h=index&expand_wildcards=open")
        with self.client.reading():
            return sorted(row["index"] for row in answer if not row["index"].startswith("."))

    def fields(self, index: str) -> list[str]:
        """Name an index's text fields, those of objects with dots; raises InvalidRequestError where it refuses."""
        answer = self._get(f"/{quote(index, safe='')}/_mapping")
        with self.client.reading():
            mappings = [entry["mappings"].get("properties", {}) for entry in answer.values()]
            return sorted({name for properties in mappings for name in _text_fields(properties, prefix="")})

    def index(self, index: str, fields: Sequence[str]) -> "SearchApiIndex":
        """Return an index as a first stage."""
        return SearchApiIndex(self.client, index, fields)

    def _get(self, path: str) -> Any:
        status, answer = self.client.call("GET", path)
        if status != 200:
            raise InvalidRequestError(f"{self.client.shown} answered {status}: {reason(answer)}")
        return answer


class SearchApiIndex:
    """Searches an index with `multi_match` over `fields`; the passage is the fields' texts in that order."""

    def __init__(self, client: JsonClient, index: str, fields: Sequence[str]) -> None:
        if not fields:
            raise InvalidRequestError("name at least one field to search")
        self._client = client
        self._index = index
        self._fields = list(fields)
        self._has_plugin = True

    @property
    def name(self) -> str:
        """Server and index, without user and password."""
        return f"{self._client.shown}/{self._index}"

    def search(self, query: str, size: int) -> list[Hit]:
        """Return at most `size` hits, best first; raises InvalidRequestError with the engine's reason."""
        body: dict[str, Any] = {
            "size": size,
            "_source": self._fields,
            "query": {"multi_match": {"query": query, "fields": self._fields}},
        }
        status, answer = self._search({**body, "ext": _FIRST_STAGE_ONLY} if self._has_plugin else body)
        if status == 400 and self._has_plugin:
            self._has_plugin = False
            status, answer = self._search(body)
        if status != 200:
            raise InvalidRequestError(f"{self.name} answered {status}: {reason(answer)}")
        with self._client.reading():
            return [self._hit(hit) for hit in answer["hits"]["hits"]]

    def _search(self, body: dict[str, Any]) -> tuple[int, Any]:
        return self._client.call("POST", f"/{quote(self._index, safe=',*')}/_search", body)

    def _hit(self, hit: dict[str, Any]) -> Hit:
        values = [_value(hit.get("_source", {}), field) for field in self._fields]
        return Hit(Document.of_fields(hit["_id"], values), float(hit["_score"] or 0.0))


def _text_fields(properties: dict[str, Any], prefix: str) -> list[str]:
    names: list[str] = []
    for name, mapping in properties.items():
        if mapping.get("type") == "text":
            names.append(prefix + name)
        names += _text_fields(mapping.get("properties", {}), f"{prefix}{name}.")
    return names


def _value(source: Any, field: str) -> Any:
    """Read a field of a hit; a dotted name goes into objects. None where it isn't there."""
    if field in source:
        return source[field]
    for step in field.split("."):
        source = source.get(step) if isinstance(source, dict) else None
    return source


def reason(answer: Any) -> str:
    """Return why an engine refused, from its answer."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        causes = error.get("root_cause") or [error]
        return str(causes[0].get("reason") or error.get("type") or "no reason given")
    return str(error or "no reason given")
