"""Vespa as a first stage: a container's query API over the documents of one schema."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from lastly.errors import InvalidRequestError
from lastly_integrations.documents import Document, Hit
from lastly_integrations.json_client import JsonClient

_SAMPLE = 50  # documents that are looked at to learn a schema's fields: nothing else tells them to a client
_NAME = re.compile(r"[A-Za-z_]\w*")
_REFERENCES = re.compile(r"Valid source refs are (.+)\.$")  # a container's own answer to an unknown source
_OF_VESPA = ("sddocname", "documentid")


class VespaContainer:
    """A container of an application."""

    def __init__(self, client: JsonClient) -> None:
        self.client = client

    def indices(self) -> list[str]:
        """Name the schemas; raises InvalidRequestError where the container refuses."""
        _, refused = self._ask({"yql": "select * from lastly_asks_which_there_are where true"})
        with self.client.reading():
            errors = refused.get("root", {}).get("errors", [])
            named = [found[1] for error in errors if (found := _REFERENCES.search(error.get("message", "")))]
            references = {reference.strip() for names in named for reference in names.split(",")}
            schemas = {reference.split(".", 1)[1] for reference in references if "." in reference}
            return sorted(schemas) or sorted({hit["fields"]["sddocname"] for hit in self._sample("sources *")})

    def fields(self, index: str) -> list[str]:
        """Name the fields of a schema's documents that hold text; raises InvalidRequestError where it refuses."""
        found = {
            name
            for hit in self._sample(_checked(index))
            for name, value in hit["fields"].items()
            if _is_text(value) and name not in _OF_VESPA
        }
        return sorted(found)

    def index(self, index: str, fields: Sequence[str]) -> "VespaSchema":
        """Return a schema as a first stage."""
        return VespaSchema(self, index, fields)

    def search(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the hits of a query; raises InvalidRequestError with the container's reason."""
        status, answer = self._ask(parameters)
        with self.client.reading():
            root = answer.get("root", {})
            if status != 200 or root.get("errors"):
                raise InvalidRequestError(f"{self.client.shown} answered {status}: {_reason(root)}")
            return [hit for hit in root.get("children", []) if "fields" in hit]

    def _sample(self, source: str) -> list[dict[str, Any]]:
        return self.search({"yql": f"select * from {source} where true", "hits": _SAMPLE})  # noqa: S608  a checked name

    def _ask(self, parameters: dict[str, Any]) -> tuple[int, Any]:
        # Keeps a chain that Lastly already reranks from doing so; containers without it leave the property alone.
        asked = {**parameters, "lastly.enabled": "false", "timeout": f"{self.client.timeout_s / 2:.1f}s"}
        return self.client.call("GET", f"/search/?{urlencode(asked)}")


class VespaSchema:
    """Searches the documents of a schema for the words of a query in any of `fields`, under its default ranking."""

    def __init__(self, container: VespaContainer, schema: str, fields: Sequence[str]) -> None:
        if not fields:
            raise InvalidRequestError("name at least one field to search")
        self._container = container
        self._schema = _checked(schema)
        self._fields = [_checked(field) for field in fields]

    @property
    def name(self) -> str:
        """Container and schema, without user and password."""
        return f"{self._container.client.shown}/{self._schema}"

    def search(self, query: str, size: int) -> list[Hit]:
        """Return at most `size` hits, best first; raises InvalidRequestError with the container's reason."""
        clauses = " or ".join(f'({{defaultIndex: "{field}"}}userInput(@text))' for field in self._fields)
        yql = f"select * from {self._schema} where {clauses}"  # noqa: S608  checked names; the text is a parameter
        asked = {"yql": yql, "text": query, "hits": size}
        with self._container.client.reading():
            return [self._hit(hit) for hit in self._container.search(asked)]

    def _hit(self, hit: dict[str, Any]) -> Hit:
        values = [hit["fields"].get(field) for field in self._fields]
        return Hit(Document.of_fields(_id(hit), values), float(hit["relevance"]))


def _id(hit: dict[str, Any]) -> str:
    """Return the part of a document's id that its owner chose: `id:mynamespace:article::42` is 42."""
    whole = str(hit["fields"].get("documentid") or hit["id"])
    parts = whole.split(":", 4)
    return parts[4] if whole.startswith("id:") and len(parts) == 5 else whole


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidRequestError("schemas and fields of Vespa are named with letters, digits and _")
    return name


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and bool(value) and isinstance(value[0], str))


def _reason(root: dict[str, Any]) -> str:
    error: dict[str, Any] = next(iter(root.get("errors", [])), {})
    return str(error.get("message") or error.get("summary") or "no reason given")
