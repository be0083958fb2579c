"""What only Elasticsearch has: retrievers, data streams, reference counts under load, secrets, several nodes."""

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.engines.elasticsearch.client import ElasticsearchEngine
from tests.engines.engine import Corpus
from tests.engines.nodes.elasticsearch import ElasticsearchNode
from tests.engines.promises import ALL, WINDOW, by_id, eventually

APPLE: dict[str, Any] = {"standard": {"query": {"match": {"body": "apple"}}}}


def test_a_standard_retriever_is_reranked_as_its_query(corpus: Corpus) -> None:
    answer = corpus.search(retriever=APPLE, size=ALL)
    assert answer.ids == corpus.search(size=ALL).ids
    assert corpus.sidecar.calls[0].body["query"] == "apple"


def test_a_knn_retriever_is_reranked_where_the_search_says_the_text(corpus: Corpus) -> None:
    knn = {"knn": {"field": "vector", "query_vector": [1.0, 2.0], "k": 20, "num_candidates": 50}}
    first = corpus.plain(retriever=knn, size=20).ids
    assert len(first) == 20
    assert corpus.search(retriever=knn, size=20).ids == first
    assert corpus.sidecar.calls == []
    answer = corpus.search(retriever=knn, size=20, ext={"lastly": {"query": "apple"}})
    assert answer.ids == first[::-1]


def test_a_rescorer_retriever_is_never_widened_beyond_its_window(corpus: Corpus) -> None:
    rescore = {"window_size": 15, "query": {"rescore_query": {"match": {"title": "article"}}}}
    retriever = {"rescorer": {"rescore": rescore, "retriever": APPLE}}
    before = corpus.plain(retriever=retriever)
    answer = corpus.search(retriever=retriever)
    assert (before.status, answer.status) == (200, 200), answer.body
    assert len(corpus.sidecar.calls) == 1
    reranked = len(corpus.sidecar.calls[0].body["documents"])
    assert reranked <= 15
    assert set(answer.ids) <= set(corpus.plain(retriever=retriever, size=reranked).ids)


def test_a_knn_section_is_reranked(corpus: Corpus) -> None:
    knn = {"field": "vector", "query_vector": [1.0, 2.0], "k": 20, "num_candidates": 50}
    first = corpus.plain(knn=knn).ids
    answer = corpus.search(knn=knn)
    assert len(answer.ids) == len(first)
    assert corpus.sidecar.calls[0].body["query"] == "apple"


def test_point_in_time_paging_is_the_same_on_and_off(corpus: Corpus) -> None:
    opened = corpus.engine.request("POST", f"/{corpus.index}/_pit?keep_alive=1m").body["id"]
    body = {"pit": {"id": opened}, "query": {"match": {"body": "apple"}}, "size": 20}
    answer = corpus.engine.request("POST", "/_search", body)
    assert answer.ids == corpus.plain(size=20).ids
    assert corpus.sidecar.calls == []


def test_a_data_stream_is_reranked(corpus: Corpus) -> None:
    request = corpus.engine.request
    mappings = {"properties": {"body": {"type": "text"}}}
    settings = {"index.lastly.fields": ["body"], "index.lastly.enabled": True, "index.lastly.timeout": "5s"}
    template = {
        "index_patterns": ["notes-*"],
        "data_stream": {},
        "template": {"settings": settings, "mappings": mappings},
    }
    made = request("PUT", "/_index_template/notes", {**template, "priority": 500})
    assert made.status == 200, made.body
    try:
        for number in range(5):
            text = "apple " + "x " * number
            request("POST", "/notes-a/_doc?refresh=true", {"@timestamp": "2026-01-01T00:00:00Z", "body": text})
        body = {"query": {"match": {"body": "apple"}}}
        off = request("POST", "/notes-a/_search", {**body, "ext": {"lastly": {"enabled": False}}})
        on = request("POST", "/notes-a/_search", body)
        assert on.ids == off.ids[::-1]
        assert len(on.ids) == 5
    finally:
        request("DELETE", "/_data_stream/notes-a")
        request("DELETE", "/_index_template/notes")


def test_inner_searches_of_collapse_are_not_reranked(corpus: Corpus) -> None:
    collapse = {"field": "group", "inner_hits": {"name": "best", "size": 2}}
    before, after = corpus.plain(collapse=collapse), corpus.search(collapse=collapse)
    assert by_id(after.body["hits"]["hits"]).keys() == by_id(before.body["hits"]["hits"]).keys()
    assert corpus.sidecar.calls == []


def test_a_cancelled_search_ends_its_call(corpus: Corpus) -> None:
    corpus.sidecar.delay_s = 4
    corpus.configure(timeout="10s")
    answers: list[Any] = []
    caller = threading.Thread(target=lambda: answers.append(corpus.search()))
    started = time.monotonic()
    caller.start()
    assert eventually(lambda: corpus.counts()["in_flight"] == 1)
    corpus.engine.request("POST", "/_tasks/_cancel?actions=indices:data/read/search")
    caller.join(10)
    assert time.monotonic() - started < 3.5
    assert answers[0].status == 400
    assert "cancelled" in str(answers[0].body)
    assert corpus.counts()["failed"]["cancelled"] >= 1


def test_the_request_of_the_caller_keeps_its_context(corpus: Corpus) -> None:
    answer = corpus.search(headers={"X-Opaque-Id": "me-2"})
    assert answer.headers["x-opaque-id"] == "me-2"


@pytest.mark.parametrize("clients", [1, 16])
def test_no_reference_is_lost_under_load(corpus: Corpus, request: pytest.FixtureRequest, clients: int) -> None:
    """Needs the suite's own node, whose assertions are on: it writes LEAK to its log for whatever was not released."""
    bodies = [
        {},
        {"size": 3},
        {"from": WINDOW - 5},
        {"_source": False},
        {"collapse": {"field": "group"}},
        {"profile": True},
    ]
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(lambda number: corpus.search(**bodies[number % len(bodies)]), range(400)))
    assert {answer.status for answer in answers} == {200}
    gc.collect()
    node: ElasticsearchNode | None = request.getfixturevalue("own_node")
    if node is None:
        pytest.skip("the node of LASTLY_TEST_ELASTICSEARCH keeps its log to itself")
    assert "LEAK" not in node.log, node.log[node.log.index("LEAK") :][:6000]
    assert "AssertionError" not in node.log


def test_a_wrong_address_is_refused_by_name(engine: ElasticsearchEngine) -> None:
    answer = engine.request("PUT", "/_cluster/settings", {"persistent": {"lastly.sidecar.urls": ["sidecar:8787"]}})
    assert answer.status == 400
    assert "lastly.sidecar.urls" in str(answer.body)
    assert "http://" in str(answer.body)


def test_without_a_sidecar_the_order_is_kept(corpus: Corpus) -> None:
    _set_sidecars(corpus, [])
    try:
        answer = corpus.search()
        assert answer.ids == corpus.plain().ids
        assert "no_sidecar" in answer.warning
    finally:
        corpus.engine.request(
            "PUT", "/_cluster/settings", {"persistent": {"lastly.sidecar.urls": [corpus.sidecar.url]}}
        )


def test_a_dead_address_is_passed_over(corpus: Corpus) -> None:
    urls = ["http://127.0.0.1:9", corpus.sidecar.url]
    _set_sidecars(corpus, urls)
    try:
        assert corpus.search().ids != corpus.plain().ids
    finally:
        _set_sidecars(corpus, urls[1:])


def _set_sidecars(corpus: Corpus, urls: list[str]) -> None:
    corpus.engine.request("PUT", "/_cluster/settings", {"persistent": {"lastly.sidecar.urls": urls}})
