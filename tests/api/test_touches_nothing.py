"""No call makes the sidecar open a file, an address or a program: the interpreter's own audit events say so."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

LURES = [
    "/etc/passwd",
    "../../../../etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1:9/",
    "//127.0.0.1/share",
    "${jndi:ldap://127.0.0.1:9/a}",
    "{{7*7}}",
    "; touch here",
    "\x00/etc/passwd",
]
_FORBIDDEN = ("open", "socket.connect", "socket.getaddrinfo", "socket.gethostby", "subprocess.", "os.", "shutil.")
_PASSIVE = ("os.putenv",)
_seen: list[tuple[str, str]] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is not None and event.startswith(_FORBIDDEN) and event not in _PASSIVE:
        _seen.append((event, str(arguments[:1])))


sys.addaudithook(_hook)  # can't be taken off again: it looks only while `watched` runs


@contextmanager
def watched() -> Iterator[list[tuple[str, str]]]:
    """Return what was touched."""
    global _seen
    found: list[tuple[str, str]] = []
    _seen = found
    try:
        yield found
    finally:
        _seen = None


def ask(client: TestClient, lure: str) -> None:
    """Put a lure wherever a call of any form has room for text."""
    texts = {"query": lure, "instruction": lure, "url": lure, "callback": lure, "return_documents": True}
    headers = {"X-Request-Id": "a", "traceparent": "b", "X-Forwarded-Host": "127.0.0.1:9", "Referer": "http://x/"}
    for model in ({}, {"model": lure}):
        client.post(
            "/v1/rerank", json=texts | model | {"documents": [lure, {"text": lure, "url": lure}]}, headers=headers
        )
        client.post("/v2/rerank", json=texts | model | {"documents": [lure]}, headers=headers)
        client.post("/rerank", json=texts | model | {"texts": [lure]}, headers=headers)


def test_the_watch_sees_a_file_that_is_opened() -> None:
    with watched() as found, Path(__file__).open() as file:
        file.read(1)
    assert [event for event, _ in found] == ["open"]


@pytest.mark.parametrize("lure", LURES)
def test_a_call_opens_no_file_no_address_and_no_program(small: TestClient, lure: str) -> None:
    ask(small, "plain")  # what is imported or read once
    with watched() as found:
        ask(small, lure)
    assert found == []


@pytest.mark.parametrize(
    "path", ["/../lastly.json", "/v1/models/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/docs/x"]
)
def test_a_path_reaches_no_file(small: TestClient, path: str) -> None:
    small.get("/nowhere")
    with watched() as found:
        assert small.get(path).status_code in (404, 405)
    assert found == []
