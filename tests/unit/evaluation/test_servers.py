"""What the evaluation reads over HTTP: an engine's index, its shadow counters."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from rich.progress import Progress

from lastly.cli import main
from lastly.errors import InvalidRequestError, NotReadyError
from lastly.evaluation import shadow
from lastly.evaluation.evaluate import Options, evaluate
from lastly.monitoring.exporter import EngineCollector
from lastly_integrations import stats
from lastly_integrations.json_client import JsonClient
from lastly_integrations.recognise import recognise
from lastly_integrations.search_api.search import SearchApi, SearchApiIndex

HITS = [
    {"_id": "7", "_score": 2.5, "_source": {"title": "Tea", "text": ["green", "leaves"], "meta": {"by": "someone"}}},
    {"_id": "9", "_score": 1.5, "_source": {"text": "no title"}},
]
STATS = {
    "nodes": {
        "a": {
            "name": "two",
            "reranked": 10,
            "shadowed": 30,
            "skipped": {"sort": 2},
            "failed": {"timeout": 4, "busy": 6},
            "latency_ms": {"le_10": 0, "le_50": 30, "le_200": 8, "more": 2},
            "breaker": "closed",
        },
        "b": {"name": "one", "shadowed": 50, "skipped": {"sort": 1}, "latency_ms": {"le_10": 50}, "breaker": "open"},
    }
}


def _metric(name: str, values: dict[str, float], **dimensions: str) -> dict[str, Any]:
    return {"name": name, "values": values, "dimensions": {"searcher": "lastly", **dimensions}}


# As a container of Vespa writes them.
SNAPSHOT = {
    "metrics": {
        "values": [
            _metric("lastly.shadowed", {"count": 20}),
            _metric("lastly.skipped", {"count": 3}, reason="sort"),
            _metric("lastly.latency_ms", {"count": 20, "average": 40.0, "95percentile": 90.0, "max": 120.0}),
            _metric("lastly.breaker_open", {"last": 0}),
            {"name": "jdisc.gc.count", "values": {"count": 7}},
        ]
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
            "/vespa/state/v1/metrics": SNAPSHOT,
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
    hits = SearchApiIndex(JsonClient(url), "books", ["title", "text", "meta.by"]).search("tea", 10)
    assert [hit.document.passage for hit in hits] == ["Tea\ngreen\nleaves\nsomeone", "no title"]
    assert [(hit.document.id, hit.score) for hit in hits] == [("7", 2.5), ("9", 1.5)]


def test_the_plugin_is_told_to_stay_out_and_its_absence_is_remembered(url: str) -> None:
    index = SearchApiIndex(JsonClient(url), "books", ["text"])
    index.search("tea", 10)
    index.search("leaves", 10)
    assert [body.get("ext") for body, _ in Engine.seen] == [{"lastly": {"enabled": False}}, None, None]


def test_user_and_password_of_the_url_are_sent_and_never_shown(url: str) -> None:
    server = JsonClient(url.replace("http://", "http://admin:se%40cret@"))
    index = SearchApiIndex(server, "books", ["text"])
    index.search("tea", 1)
    assert Engine.seen[0][1] == "Basic YWRtaW46c2VAY3JldA=="
    assert "admin" not in index.name


def test_the_engine_s_reason_is_passed_on(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="404: no such index"):
        SearchApiIndex(JsonClient(url), "missing", ["text"]).search("tea", 1)


def test_indices_and_text_fields_are_listed(url: str) -> None:
    engine = SearchApi(JsonClient(url))
    assert engine.indices() == ["books"]
    assert engine.fields("books") == ["meta.by", "title"]


@pytest.mark.parametrize("path", ["/closed", "/closed-in-part"])
def test_an_engine_whose_root_is_closed_is_still_known(url: str, path: str) -> None:
    assert isinstance(recognise(JsonClient(url + path)), SearchApi)


def test_what_is_no_engine_and_what_wants_a_user_is_said(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="none of OpenSearch"):
        recognise(JsonClient(url))
    with pytest.raises(InvalidRequestError, match="user and a password"):
        recognise(JsonClient(url + "/guarded"))


def test_counters_of_nodes_add_up_and_reasons_are_named(url: str) -> None:
    lines = shadow.to_markdown(stats.read(JsonClient(url))).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    assert rows[2] == ["one", "50", "0", "0", "1", "10 ms", "10 ms", "open"]
    assert rows[3] == ["two", "30", "10", "10", "2", "50 ms", "200 ms", "closed"]
    assert rows[4] == ["all nodes", "80", "10", "10", "3", "10 ms", "200 ms", ""]
    assert "90 of 100 searches that were to be reranked got scores in time (90.0 %)." in lines
    assert lines.index("| `busy` | 6 |") < lines.index("| `timeout` | 4 |") < lines.index("| `sort` | 3 |")


def test_a_container_s_snapshot_is_read_as_well(url: str) -> None:
    text = shadow.to_markdown(stats.read(JsonClient(url + "/vespa")))
    assert "in the container's last snapshot" in text
    assert "| lastly | 20 | 0 | 0 | 3 | 40 ms | 40 ms | closed |" in text


def test_an_engine_without_the_plugin_is_said(url: str) -> None:
    with pytest.raises(NotReadyError, match="is the plugin installed"):
        stats.read(JsonClient(url + "/plain"))


def test_the_exporter_says_the_counters_in_prometheus_words(url: str) -> None:
    registry = CollectorRegistry()
    registry.register(EngineCollector([JsonClient(url), JsonClient("http://127.0.0.1:9"), JsonClient(url + "/vespa")]))
    lines = generate_latest(registry).decode().splitlines()
    one = f'engine="{url}",node="two"'
    assert f'lastly_engine_up{{engine="{url}"}} 1.0' in lines
    assert 'lastly_engine_up{engine="http://127.0.0.1:9"} 0.0' in lines
    assert f'lastly_engine_searches_total{{{one},outcome="failed",reason="busy"}} 6.0' in lines
    calls = {
        most: f'lastly_engine_call_seconds_bucket{{engine="{url}",le="{most}",node="two"}}' for most in ("0.2", "+Inf")
    }
    assert f"{calls['0.2']} 38.0" in lines
    assert f"{calls['+Inf']} 40.0" in lines
    assert not any("searches" in line and "/vespa" in line for line in lines)  # a snapshot's numbers are no counter


def test_a_dead_server_and_a_wrong_url_say_what_to_do() -> None:
    with pytest.raises(NotReadyError, match="is it running"):
        JsonClient("http://127.0.0.1:9", timeout_s=2).call("GET", "/")
    with pytest.raises(InvalidRequestError, match="http://"):
        JsonClient("ftp://host")


def test_the_report_s_command_holds_no_password(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "books"
    (folder / "qrels").mkdir(parents=True)
    (folder / "queries.jsonl").write_text('{"_id": "1", "text": "green tea"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\t7\t1\n")
    engine = url.replace("http://", "http://admin:hidden@") + "/closed"
    where = [str(folder), f"--engine={engine}", "--index", "books", "--output", str(tmp_path / "out")]
    assert main(["eval", *where]) == 0
    reports = [(tmp_path / "out" / name).read_text() for name in ("report.md", "report.json")]
    assert all("lastly eval" in written and "hidden" not in written for written in reports)


def test_a_context_s_tokens_are_the_sidecar_s_own_setting(url: str) -> None:
    """Nothing is asked of the server: a flag that it would never hear of is refused."""
    options = Options([], Path(), Path(), "lastly eval", sidecar=JsonClient(url), max_block_tokens=400)
    with pytest.raises(InvalidRequestError, match="max-block-tokens"):
        evaluate(options, Progress())
