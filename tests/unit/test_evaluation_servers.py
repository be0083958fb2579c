"""What the evaluation reads over HTTP: an engine's index, its shadow counters."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from lastly.errors import InvalidRequestError, NotReadyError
from lastly.evaluation import shadow
from lastly.local.engines import recognise
from lastly.local.http_json import JsonServer
from lastly.local.search_api import SearchApi, SearchApiIndex

HITS = [
    {"_id": "7", "_score": 2.5, "_source": {"title": "Tea", "text": ["green", "leaves"], "meta": {"by": "someone"}}},
    {"_id": "9", "_score": 1.5, "_source": {"text": "no title"}},
]
STATS = {
    "nodes": {
        "a": {"name": "one", "shadow": {"calls": 3, "moved": 2}, "latency": {"p50": 12.5}, "open": True},
        "b": {"name": "two", "shadow": {"calls": 4}, "latency": {"p50": 20.0}},
    }
}
ROOTS: dict[str, tuple[int, Any]] = {
    "/guarded/": (401, {"error": "who?"}),
    "/closed/": (403, {"error": {"reason": "no permissions for [cluster:monitor/main]"}, "status": 403}),
    "/closed-in-part/": (405, {"error": "Incorrect HTTP method for uri [/]", "status": 405}),
}


class Engine(BaseHTTPRequestHandler):
    """A fault can't be had from a real engine here: one without the plugin, one that refuses, one that talks HTML."""

    seen: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append((body, self.headers.get("Authorization")))
        if "missing" in self.path:
            self._answer(404, {"error": {"root_cause": [{"reason": "no such index [missing]"}]}})
        elif "ext" in body:
            self._answer(400, {"error": {"type": "parsing_exception", "reason": "unknown ext"}})
        else:
            self._answer(200, {"hits": {"hits": HITS}})

    def do_GET(self) -> None:
        if self.path in ROOTS:
            self._answer(*ROOTS[self.path])
            return
        answers: dict[str, Any] = {
            "/_lastly/stats": STATS,
            "/books/_mapping": {
                "books": {
                    "mappings": {
                        "properties": {
                            "title": {"type": "text"},
                            "id": {"type": "keyword"},
                            "meta": {"properties": {"by": {"type": "text"}}},
                        }
                    }
                }
            },
        }
        if self.path.startswith("/_cat/indices"):
            self._answer(200, [{"index": "books"}, {"index": ".hidden"}])
        elif self.path in answers:
            self._answer(200, answers[self.path])
        else:
            self._answer(404, {"error": "no handler found"})

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep the test's output clean."""


@pytest.fixture
def url() -> Iterator[str]:
    Engine.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_fields_are_joined_into_the_passage_in_their_order(url: str) -> None:
    hits = SearchApiIndex(JsonServer(url), "books", ["title", "text", "meta.by"]).search("tea", 10)
    assert [hit.document.passage for hit in hits] == ["Tea\ngreen\nleaves\nsomeone", "no title"]
    assert [(hit.document.id, hit.score) for hit in hits] == [("7", 2.5), ("9", 1.5)]


def test_the_plugin_is_told_to_stay_out_and_its_absence_is_remembered(url: str) -> None:
    index = SearchApiIndex(JsonServer(url), "books", ["text"])
    index.search("tea", 10)
    index.search("leaves", 10)
    assert [body.get("ext") for body, _ in Engine.seen] == [{"lastly": {"enabled": False}}, None, None]


def test_user_and_password_of_the_url_are_sent_and_never_shown(url: str) -> None:
    server = JsonServer(url.replace("http://", "http://admin:se%40cret@"))
    index = SearchApiIndex(server, "books", ["text"])
    index.search("tea", 1)
    assert Engine.seen[0][1] == "Basic YWRtaW46c2VAY3JldA=="
    assert "admin" not in index.name


def test_the_engine_s_reason_is_passed_on(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="404: no such index"):
        SearchApiIndex(JsonServer(url), "missing", ["text"]).search("tea", 1)


def test_indices_and_text_fields_are_listed(url: str) -> None:
    engine = SearchApi(JsonServer(url))
    assert engine.indices() == ["books"]
    assert engine.fields("books") == ["meta.by", "title"]


@pytest.mark.parametrize("path", ["/closed", "/closed-in-part"])
def test_an_engine_whose_root_is_closed_is_still_known(url: str, path: str) -> None:
    assert isinstance(recognise(JsonServer(url + path)), SearchApi)


def test_what_is_no_engine_and_what_wants_a_user_is_said(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="none of OpenSearch"):
        recognise(JsonServer(url))
    with pytest.raises(InvalidRequestError, match="user and a password"):
        recognise(JsonServer(url + "/guarded"))


def test_shadow_counters_come_first_and_add_up(url: str) -> None:
    lines = shadow.to_markdown(shadow.read_stats(JsonServer(url))).splitlines()
    assert lines[0] == "| counter | one | two | all nodes |"
    assert lines[2:4] == ["| shadow.calls | 3 | 4 | 7 |", "| shadow.moved | 2 | 0 | 2 |"]
    assert "| latency.p50 | 12.500 | 20 |  |" in lines


def test_a_dead_server_and_a_wrong_url_say_what_to_do() -> None:
    with pytest.raises(NotReadyError, match="is it running"):
        JsonServer("http://127.0.0.1:9", timeout_s=2).call("GET", "/")
    with pytest.raises(InvalidRequestError, match="http://"):
        JsonServer("ftp://host")
