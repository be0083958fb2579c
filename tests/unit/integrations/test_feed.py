"""What is fed to Vespa, whose document API needs more than the tests' container has.

The other engines are filled for real: tests/deploy/test_stack_natively.py.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from lastly.errors import InvalidRequestError
from lastly_integrations.documents import Document
from lastly_integrations.json_client import JsonClient
from lastly_integrations.vespa import feed as seeding


class DocumentApi(BaseHTTPRequestHandler):
    """Refuses the first documents, as a container does that has just started, and those that a test names."""

    seen: ClassVar[dict[str, Any]] = {}
    busy: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        self._answer(200, {"status": {"code": "up"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.busy:
            self._answer(self.busy.pop(), {"message": "not now"})
        elif body["fields"]["text"] == "refused":
            self._answer(400, {"message": "No field 'text'"})
        else:
            self.seen[self.path] = body["fields"]
            self._answer(200, {})

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep the test's output clean."""


@pytest.fixture
def vespa() -> Iterator[JsonClient]:
    DocumentApi.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), DocumentApi)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield JsonClient(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def test_every_document_is_fed_under_its_own_id_without_control_characters(vespa: JsonClient) -> None:
    seeding.feed(vespa, [Document(id="os/path x", title="t", text="one\x0ctwo\n\tthree"), Document(id="2", text="b")])
    assert DocumentApi.seen == {
        "/document/v1/article/article/docid/os%2Fpath%20x": {
            "id": "os/path x",
            "title": "t",
            "text": "onetwo\n\tthree",
        },
        "/document/v1/article/article/docid/2": {"id": "2", "title": "", "text": "b"},
    }


def test_a_busy_container_is_asked_again(vespa: JsonClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "_PAUSE_S", 0.01)
    DocumentApi.busy[:] = [503, 429]
    seeding.feed(vespa, [Document(id=str(number), text="x") for number in range(20)])
    assert len(DocumentApi.seen) == 20


def test_a_refused_document_is_named_with_the_reason(vespa: JsonClient) -> None:
    with pytest.raises(InvalidRequestError, match=r"document 7 \(400\): No field 'text'"):
        seeding.feed(vespa, [Document(id="7", text="refused")])
