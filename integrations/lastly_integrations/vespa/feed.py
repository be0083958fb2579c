"""Puts documents into the schema of Vespa's example, over a container's document API."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from lastly.errors import InvalidRequestError, NotReadyError
from lastly_integrations.documents import Document
from lastly_integrations.json_client import JsonClient

_FEEDERS = 8
_PATIENCE_S = 60.0  # a container that has just started refuses for a while
_PAUSE_S = 0.5
_BUSY = (429, 502, 503, 504)


def feed(client: JsonClient, documents: Sequence[Document], schema: str = "article") -> None:
    """Write the documents into a schema, several at once; raises InvalidRequestError with Vespa's reason."""
    _wait_until_ready(client, time.monotonic() + _PATIENCE_S)
    with ThreadPoolExecutor(_FEEDERS) as pool:
        for _ in pool.map(lambda document: _put(client, schema, document), documents):
            pass


def _wait_until_ready(client: JsonClient, deadline: float) -> None:
    while why := _not_ready(client):
        if time.monotonic() > deadline:
            raise NotReadyError(why)
        time.sleep(_PAUSE_S)


def _not_ready(client: JsonClient) -> str:
    """Return why the container takes no documents yet; empty where it does."""
    try:
        status, _ = client.call("GET", "/state/v1/health")
    except NotReadyError as error:
        return str(error)
    return "" if status == 200 else f"{client.shown} is not up: its health is answered with {status}"


def _put(client: JsonClient, schema: str, document: Document) -> None:
    path = f"/document/v1/{schema}/{schema}/docid/{quote(document.id, safe='')}"
    fields = {"id": document.id, "title": _plain(document.title), "text": _plain(document.text)}
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        status, answer = client.call("POST", path, {"fields": fields})
        if status not in _BUSY or time.monotonic() > deadline:
            break
        time.sleep(_PAUSE_S)
    if status != 200:
        said = answer.get("message", "no reason given") if isinstance(answer, dict) else "no reason given"
        raise InvalidRequestError(f"{client.shown} refused document {document.id} ({status}): {said}")


def _plain(text: str) -> str:
    """Leave control characters out: Vespa refuses a document that has them."""
    return "".join(letter for letter in text if letter in "\n\t" or letter >= " ")
