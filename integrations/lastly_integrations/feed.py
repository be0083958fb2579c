"""Puts documents into an engine: an index with title and text, or Vespa's example schema."""

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from lastly.errors import InvalidRequestError, NotReadyError
from lastly.search.documents import Document
from lastly_integrations.json_client import JsonClient
from lastly_integrations.search_api.search import reason

_BULK = 500  # documents a request: half a megabyte of Python's documentation
_FEEDERS = 8
_PATIENCE_S = 60.0  # an engine that has just started refuses for a while
_PAUSE_S = 0.5
_BUSY = (429, 502, 503, 504)
_INDEX = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {"properties": {"title": {"type": "text"}, "text": {"type": "text"}}},
}


def fill_index(server: JsonClient, index: str, documents: Sequence[Document]) -> bool:
    """Make the index and write the documents into it; False where it holds as many already.

    Raises InvalidRequestError with the engine's reason.
    """
    path = f"/{quote(index, safe='')}"
    if _count(server, path) == len(documents):
        return False
    status, answer = server.call("PUT", path, _INDEX)
    if status != 200 and "already_exists" not in json.dumps(answer):
        raise InvalidRequestError(f"{server.shown}{path} answered {status}: {reason(answer)}")
    for start in range(0, len(documents), _BULK):
        _write(server, path, documents[start : start + _BULK])
    server.call("POST", f"{path}/_refresh")
    return True


def feed_vespa(server: JsonClient, documents: Sequence[Document], kind: str = "article") -> None:
    """Write the documents as Vespa's `kind`, several at once; raises InvalidRequestError with Vespa's reason."""
    deadline = time.monotonic() + _PATIENCE_S
    _until_ready(server, deadline)
    with ThreadPoolExecutor(_FEEDERS) as pool:
        for _ in pool.map(lambda document: _put(server, kind, document), documents):
            pass


def _count(server: JsonClient, path: str) -> int:
    status, answer = server.call("GET", f"{path}/_count")
    return int(answer["count"]) if status == 200 else 0


def _write(server: JsonClient, path: str, documents: Sequence[Document]) -> None:
    status, answer = server.call("POST", f"{path}/_bulk", lines=list(_bulk_lines(documents)))
    if status != 200:
        raise InvalidRequestError(f"{server.shown}{path} answered {status}: {reason(answer)}")
    if answer["errors"]:
        refused = next(item["index"] for item in answer["items"] if "error" in item["index"])
        raise InvalidRequestError(f"{server.shown}{path} refused document {refused['_id']}: {reason(refused)}")


def _bulk_lines(documents: Sequence[Document]) -> Iterator[dict[str, Any]]:
    for document in documents:
        yield {"index": {"_id": document.id}}
        yield {"title": document.title, "text": document.text}


def _until_ready(server: JsonClient, deadline: float) -> None:
    while True:
        try:
            if server.call("GET", "/state/v1/health")[0] == 200:
                return
        except NotReadyError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_S)


def _put(server: JsonClient, kind: str, document: Document) -> None:
    path = f"/document/v1/{kind}/{kind}/docid/{quote(document.id, safe='')}"
    fields = {"id": document.id, "title": _plain(document.title), "text": _plain(document.text)}
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        status, answer = server.call("POST", path, {"fields": fields})
        if status not in _BUSY or time.monotonic() > deadline:
            break
        time.sleep(_PAUSE_S)
    if status != 200:
        said = answer.get("message", "no reason given") if isinstance(answer, dict) else "no reason given"
        raise InvalidRequestError(f"{server.shown} refused document {document.id} ({status}): {said}")


def _plain(text: str) -> str:
    """Leave control characters out: Vespa refuses a document that has them."""
    return "".join(letter for letter in text if letter in "\n\t" or letter >= " ")
