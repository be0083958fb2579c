"""OpenSearch and Elasticsearch as first stages: both speak the same search here."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from lastly.errors import InvalidRequestError
from lastly.search.bm25 import Hit
from lastly.search.documents import Document
from lastly_integrations.json_client import JsonClient

# Keeps an index that Lastly already reranks from doing so here; engines without the plugin refuse the section.
_FIRST_STAGE_ONLY = {"lastly": {"enabled": False}}


class SearchApi:
    """A server of either engine."""

    def __init__(self, server: JsonClient) -> None:
        self.server = server

    def indices(self) -> list[str]:
        """Name the open indices, hidden ones left out; raises InvalidRequestError where the server refuses."""
        answer = self._get("/_cat/indices?format=json&h=index&expand_wildcards=open")
        return sorted(row["index"] for row in answer if not row["index"].startswith("."))

    def fields(self, index: str) -> list[str]:
        """Name an index's text fields, those of objects with dots; raises InvalidRequestError where it refuses."""
        answer = self._get(f"/{quote(index, safe='')}/_mapping")
        mappings = [entry["mappings"].get("properties", {}) for entry in answer.values()]
        return sorted({name for properties in mappings for name in _text_fields(properties, prefix="")})

    def index(self, index: str, fields: Sequence[str]) -> "SearchApiIndex":
        """Give an index as a first stage."""
        return SearchApiIndex(self.server, index, fields)

    def _get(self, path: str) -> Any:
        status, answer = self.server.call("GET", path)
        if status != 200:
            raise InvalidRequestError(f"{self.server.shown} answered {status}: {reason(answer)}")
        return answer


class SearchApiIndex:
    """Searches an index with `multi_match` over `fields`; the passage is the fields' texts in that order."""

    def __init__(self, server: JsonClient, index: str, fields: Sequence[str]) -> None:
        if not fields:
            raise InvalidRequestError("name at least one field to search")
        self._server = server
        self._index = index
        self._fields = list(fields)
        self._has_plugin = True

    @property
    def name(self) -> str:
        """Server and index, without user and password."""
        return f"{self._server.shown}/{self._index}"

    def search(self, query: str, size: int) -> list[Hit]:
        """Give at most `size` hits, best first; raises InvalidRequestError with the engine's reason."""
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
        return [self._hit(hit) for hit in answer["hits"]["hits"]]

    def _search(self, body: dict[str, Any]) -> tuple[int, Any]:
        return self._server.call("POST", f"/{quote(self._index, safe=',*')}/_search", body)

    def _hit(self, hit: dict[str, Any]) -> Hit:
        texts = [text for field in self._fields if (text := _text(hit.get("_source", {}), field))]
        title = texts[0] if len(texts) > 1 else ""
        return Hit(Document(id=hit["_id"], title=title, text="\n".join(texts[1:] or texts)), hit["_score"] or 0.0)


def _text_fields(properties: dict[str, Any], prefix: str) -> list[str]:
    names: list[str] = []
    for name, mapping in properties.items():
        if mapping.get("type") == "text":
            names.append(prefix + name)
        names += _text_fields(mapping.get("properties", {}), f"{prefix}{name}.")
    return names


def _text(source: Any, field: str) -> str:
    """Read a field of a hit; a dotted name goes into objects, several values make several lines."""
    value = source.get(field) if field in source else source
    if field not in source:
        for step in field.split("."):
            value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, list):
        return "\n".join(str(part) for part in value)
    return "" if value is None else str(value)


def reason(answer: Any) -> str:
    """Give why an engine refused, from its answer."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        causes = error.get("root_cause") or [error]
        return str(causes[0].get("reason") or error.get("type") or "no reason given")
    return str(error or "no reason given")
