"""Puts documents into an index with title and text, in OpenSearch or Elasticsearch."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from lastly.errors import InvalidRequestError
from lastly_integrations.documents import Document
from lastly_integrations.json_client import JsonClient
from lastly_integrations.search_api.search import reason

_BULK = 500  # documents a request: half a megabyte of Python's documentation
_INDEX = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {"properties": {"title": {"type": "text"}, "text": {"type": "text"}}},
}


def feed(client: JsonClient, index: str, documents: Sequence[Document]) -> bool:
    """Make the index and write the documents into it; False where it holds as many already.

    Raises InvalidRequestError with the engine's reason.
    """
    path = f"/{quote(index, safe='')}"
    if _count(client, path) == len(documents):
        return False
    status, answer = client.call("PUT", path, _INDEX)
    if status != 200 and "already_exists" not in json.dumps(answer):
        raise InvalidRequestError(f"{client.shown}{path} answered {status}: {reason(answer)}")
    for start in range(0, len(documents), _BULK):
        _write(client, path, documents[start : start + _BULK])
    client.call("POST", f"{path}/_refresh")
    return True


def _count(client: JsonClient, path: str) -> int:
    status, answer = client.call("GET", f"{path}/_count")
    with client.reading():
        return int(answer["count"]) if status == 200 else 0


def _write(client: JsonClient, path: str, documents: Sequence[Document]) -> None:
    status, answer = client.call("POST", f"{path}/_bulk", lines=list(_bulk_lines(documents)))
    if status != 200:
        raise InvalidRequestError(f"{client.shown}{path} answered {status}: {reason(answer)}")
    with client.reading():
        refused = [item["index"] for item in answer["items"] if "error" in item["index"]] if answer["errors"] else []
    if refused:
        raise InvalidRequestError(f"{client.shown}{path} refused document {refused[0]['_id']}: {reason(refused[0])}")


def _bulk_lines(documents: Sequence[Document]) -> Iterator[dict[str, Any]]:
    for document in documents:
        yield {"index": {"_id": document.id}}
        yield {"title": document.title, "text": document.text}
