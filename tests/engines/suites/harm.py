"""First, do no harm: a small node with large documents, beside sidecars that are slow, lie, or are none."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.kit.engines.articles import use_sidecars
from tests.kit.engines.engine import Answer, Corpus
from tests.kit.engines.kind import Kind
from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.waiting import eventually

CALLERS = 24  # with documents of 200 kB they ended an Elasticsearch node of 512 MB
MANY_FAILURES = {"lastly.breaker.failures": "1000"}  # every search shall meet the false sidecar
_WORDS = "apple pear plum cherry quince medlar "


@pytest.fixture(scope="class")
def small_node(kind: Kind, plugin: Path, lying_sidecar: LyingSidecar) -> Iterator[Corpus]:
    """A node of 512 MB heap, its index `long` not filled."""
    node = kind.node(plugin, MANY_FAILURES)
    try:
        node.start()
        corpus = Corpus(kind.connect(node.url), lying_sidecar, "long")
        yield corpus
    finally:
        node.close()


@pytest.fixture
def small(small_node: Corpus) -> Iterator[Corpus]:
    """The node with a sidecar that tells the truth, in no test's debt."""
    small_node.sidecar.reset()
    use_sidecars(small_node, [small_node.sidecar.url])
    yield small_node
    small_node.sidecar.reset()
    assert eventually(lambda: small_node.count("bytes_in_flight") == 0)
    assert _breaker(small_node)["estimated_size_in_bytes"] == 0


class Harm:
    """Collected through a subclass in each engine's folder."""

    def test_long_documents_and_a_silent_sidecar_fail_no_search(self, small: Corpus) -> None:
        _fill(small, documents=60, characters=200_000)
        small.configured(timeout="3s")
        small.sidecar.delay_s = 4
        expected = small.plain().ids
        answers = _at_once(small, CALLERS)
        assert [answer.status for answer in answers] == [200] * CALLERS
        assert all(answer.ids == expected for answer in answers)
        assert all("(timeout)" in answer.warning or "(memory)" in answer.warning for answer in answers)
        small.sidecar.delay_s = 0
        assert eventually(lambda: not small.search().warning)

    def test_documents_of_400_kb_are_reranked(self, small: Corpus) -> None:
        _fill(small, documents=50, characters=400_000)
        answer = small.search(size=50)
        assert answer.warning == ""
        assert sorted(answer.ids) == sorted(small.plain(size=50).ids)
        assert answer.ids != small.plain(size=50).ids
        passages = small.sidecar.calls[-1].body["documents"]
        assert len(passages) == 50
        assert all(4_000 < len(passage) <= 200_000 for passage in passages)

    def test_an_answer_of_four_megabytes_costs_the_timeout_and_no_node(self, small: Corpus) -> None:
        _fill(small, documents=60, characters=500)
        small.configured(timeout="400ms")
        endless = b'{"results":[' + b'{"a":0},' * 500_000 + b'{"a":0}]}'
        small.sidecar.answer = lambda count: endless
        expected = small.plain().ids
        started = time.monotonic()
        alone = small.search()
        took = time.monotonic() - started
        assert alone.ids == expected
        assert alone.warning
        assert took < 1.4, took
        answers = _at_once(small, 32)
        assert [answer.status for answer in answers] == [200] * 32
        assert all(answer.ids == expected and answer.warning for answer in answers)

    def test_an_address_that_speaks_no_http_leaves_nothing_behind(self, small: Corpus) -> None:
        _fill(small, documents=60, characters=500)
        expected = small.plain().ids
        with _talking(b"SSH-2.0-OpenSSH_9.2p1\r\n") as (url, open_now):
            use_sidecars(small, [url])
            for _ in range(20):
                small.search()
            before = _descriptors(small)
            answers = [small.search() for _ in range(500)]
            assert eventually(lambda: not open_now())
            assert _descriptors(small) <= before + 10
        assert all(answer.ids == expected and "(not_http)" in answer.warning for answer in answers)

    def test_over_the_budget_every_search_keeps_its_order_and_says_so(self, small: Corpus) -> None:
        _fill(small, documents=60, characters=500)
        limit = {"breaker.lastly.limit": "1b"}
        small.engine.request("PUT", "/_cluster/settings", {"persistent": limit})
        try:
            kept = [small.search() for _ in range(20)]
            small.configured(on_failure="fail")
            failed = small.search()
        finally:
            small.engine.request("PUT", "/_cluster/settings", {"persistent": dict.fromkeys(limit)})
        assert all(answer.ids == small.plain().ids and "(memory)" in answer.warning for answer in kept)
        assert failed.status == 503
        assert "lastly.memory.limit" in str(failed.body)
        assert eventually(lambda: small.search().status == 200 and small.search().warning == "")

    def test_a_filter_of_60_000_terms_and_many_buckets_cost_no_more_than_without(self, small: Corpus) -> None:
        _fill(small, documents=60, characters=500)
        terms = {"terms": {"number": list(range(60_000))}}
        query = {"bool": {"must": {"match": {"body": "apple"}}, "filter": terms}}
        reranked, alone = _took(small, query), _took(small, query, ext={"lastly": {"enabled": False}})
        assert reranked < alone + 0.15, (reranked, alone)
        assert small.sidecar.calls[-1].body["query"] == "apple"


def _fill(corpus: Corpus, documents: int, characters: int) -> None:
    """Make the index anew; a document's score falls with its number of apples."""
    corpus.engine.request("DELETE", f"/{corpus.index}")
    settings = {"index.number_of_shards": 1, "index.number_of_replicas": 0, "index.lastly.fields": ["body"]}
    settings |= {"index.lastly.enabled": True, "index.lastly.timeout": "20s"}
    mapped = {"properties": {"body": {"type": "text"}, "number": {"type": "integer"}}}
    made = corpus.engine.request("PUT", f"/{corpus.index}", {"settings": settings, "mappings": mapped})
    assert made.status == 200, made.body
    text = _WORDS * (characters // len(_WORDS) + 1)
    for number in range(documents):
        body = {"body": "apple " * (documents - number) + text[:characters], "number": number}
        assert corpus.engine.request("PUT", f"/{corpus.index}/_doc/{number}", body).status == 201
    corpus.engine.request("POST", f"/{corpus.index}/_refresh")


def _at_once(corpus: Corpus, callers: int) -> list[Answer]:
    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(lambda _: corpus.search(), range(callers)))


def _took(corpus: Corpus, query: Any, **body: Any) -> float:
    """Return the fastest of some searches in seconds."""
    times = []
    for _ in range(8):
        started = time.monotonic()
        assert corpus.search(query, **body).status == 200
        times.append(time.monotonic() - started)
    return min(times)


def _local(corpus: Corpus, part: str) -> dict[str, Any]:
    nodes = corpus.engine.request("GET", f"/_nodes/_local/stats/{part}").body["nodes"]
    return dict(next(iter(nodes.values())))


def _descriptors(corpus: Corpus) -> int:
    return int(_local(corpus, "process")["process"]["open_file_descriptors"])


def _breaker(corpus: Corpus) -> dict[str, Any]:
    return dict(_local(corpus, "breaker")["breakers"]["lastly"])


@contextmanager
def _talking(greeting: bytes) -> Iterator[Any]:
    """Serve a greeting to every connection, kept open; yields the address and how many are open."""
    server = socket.create_server(("127.0.0.1", 0), backlog=256)
    opened: set[socket.socket] = set()

    def talk(connection: socket.socket) -> None:
        opened.add(connection)
        try:
            connection.sendall(greeting)
            while connection.recv(1 << 16):
                pass
        except OSError:
            pass
        finally:
            connection.close()
            opened.discard(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", lambda: len(opened)
    finally:
        server.close()
