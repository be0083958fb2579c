"""Answers that are JSON and yet not an engine's: each question says so in one sentence."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from lastly.cli import main
from lastly.errors import NotReadyError
from lastly_integrations import stats
from lastly_integrations.documents import Document
from lastly_integrations.json_client import JsonClient
from lastly_integrations.search_api import feed
from lastly_integrations.search_api.search import SearchApi
from lastly_integrations.vespa.deploy import deploy
from lastly_integrations.vespa.errors import DeployError
from lastly_integrations.vespa.search import VespaContainer


class Anything(BaseHTTPRequestHandler):
    """Answers every question with what a test gave it."""

    answer: ClassVar[Any] = None

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = json.dumps(self.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_GET  # noqa: N815  the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep the test's output clean."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Anything)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


QUESTIONS: dict[str, Callable[[JsonClient], object]] = {
    "indices": lambda client: SearchApi(client).indices(),
    "fields": lambda client: SearchApi(client).fields("books"),
    "search": lambda client: SearchApi(client).index("books", ["title"]).search("tea", 1),
    "feed": lambda client: feed.feed(client, "books", [Document("1", "text")]),
    "schemas": lambda client: VespaContainer(client).indices(),
    "schema's fields": lambda client: VespaContainer(client).fields("books"),
    "schema's search": lambda client: VespaContainer(client).index("books", ["title"]).search("tea", 1),
}


@pytest.mark.parametrize("asked", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("answer", [7, [3], "text", {"hits": 1, "root": 1, "count": []}, {"books": {}, "root": [1]}])
def test_a_question_that_is_answered_in_another_form_says_so(
    url: str, asked: Callable[[JsonClient], object], answer: Any
) -> None:
    Anything.answer = answer
    with pytest.raises(NotReadyError, match=r"^http://127\.0\.0\.1:\d+ answered in an unknown form"):
        asked(JsonClient(url))


@pytest.mark.parametrize("answer", [{"nodes": 1}, {"nodes": {"a": {"reranked": "x"}}}, {"metrics": {"values": [1]}}])
def test_stats_of_another_form_are_said_so(url: str, answer: Any) -> None:
    Anything.answer = answer
    with pytest.raises(NotReadyError, match="unknown form"):
        stats.read(JsonClient(url))


@pytest.mark.parametrize("engine", ["opensearch", "elasticsearch"])
@pytest.mark.parametrize("answer", [7, {"nodes": [1]}, {"error": None}])
def test_status_of_what_is_no_cluster_is_one_line(
    url: str, engine: str, answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Anything.answer = answer
    assert main(["status", engine, "--url", url]) == 1
    said = capsys.readouterr().err
    assert said.startswith("lastly: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("answer", [{"configChangeActions": 1}, {"log": [1], "converged": True}])
def test_a_config_server_that_answers_in_another_form_is_said(url: str, tmp_path: Path, answer: Any) -> None:
    Anything.answer = {"converged": True} | answer
    with pytest.raises((NotReadyError, DeployError), match="unknown form"):
        deploy(tmp_path, url, wait_s=5)


@pytest.mark.parametrize("engine", ["opensearch", "elasticsearch", "vespa"])
@pytest.mark.parametrize("address", ["htp://who:hidden@host", "http://who:hidden@127.0.0.1:9"])
def test_a_password_in_an_address_is_never_printed(
    engine: str, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "services.xml").write_text("<services/>")
    where = [str(tmp_path), "--deploy", address, "--yes"] if engine == "vespa" else ["--url", address]
    assert main(["detach", engine, *where]) == 1
    printed = capsys.readouterr()
    assert "hidden" not in printed.out + printed.err
