"""What OpenSearch does that the shared promises don't meet: pipelines, points in time, cancelling, secrets of the node.

Points of the project's list of what reaches a filter that have no test here, with the reason. Security rules and masked
fields: the security plugin is in no distribution on Maven Central, and the header with which it marks a search can't be
sent from outside; the filter takes no text from a search so marked. Searches across clusters: two clusters at once are
more than a test machine's memory. Async search, hybrid queries, the semantic highlighter: plugins that the node hasn't
got. Retrievers and knn sections: Elasticsearch's. Reference counts: OpenSearch's hits have none.
"""

import threading
import time
from typing import Any

import pytest

from tests.engines.articles import use_sidecars
from tests.engines.engine import Corpus
from tests.engines.opensearch.client import OpenSearchEngine
from tests.engines.promises import ALL, WINDOW, by_id, eventually

APPLE: dict[str, Any] = {"query": {"match": {"body": "apple"}}}


def test_point_in_time_paging_is_the_same_on_and_off(corpus: Corpus) -> None:
    made = corpus.engine.request("POST", f"/{corpus.index}/_search/point_in_time?keep_alive=1m")
    body = {**APPLE, "pit": {"id": made.body["pit_id"]}, "size": 20}
    answer = corpus.engine.request("POST", "/_search", body)
    assert answer.ids == corpus.plain(size=20).ids
    assert corpus.sidecar.calls == []


def test_documents_changed_or_deleted_by_query_are_the_ones_that_match(corpus: Corpus) -> None:
    request = corpus.engine.request
    copy = f"{corpus.index}-changed"
    request("PUT", f"/{copy}", {"settings": {"index.lastly.fields": ["body"], "index.lastly.enabled": True}})
    try:
        request("POST", "/_reindex?refresh=true", {"source": {"index": corpus.index}, "dest": {"index": copy}})
        assert request("POST", f"/{copy}/_update_by_query?refresh=true", APPLE).body["updated"] == ALL
        assert request("POST", f"/{copy}/_delete_by_query?refresh=true", APPLE).body["deleted"] == ALL
        assert corpus.sidecar.calls == []
    finally:
        request("DELETE", f"/{copy}")


def test_search_templates_are_reranked(corpus: Corpus) -> None:
    template = {"source": {"query": {"match": {"body": "{{text}}"}}}, "params": {"text": "apple"}}
    answer = corpus.engine.request("POST", f"/{corpus.index}/_search/template", template)
    assert answer.ids == corpus.search().ids != corpus.plain().ids


def test_ranking_evaluation_measures_the_order_that_users_see(corpus: Corpus) -> None:
    best = corpus.search(size=1).ids[0]
    rated = {"id": "q", "request": APPLE, "ratings": [{"_index": corpus.index, "_id": best, "rating": 1}]}
    body = {"requests": [rated], "metric": {"mean_reciprocal_rank": {"k": 10}}}
    assert corpus.engine.request("POST", f"/{corpus.index}/_rank_eval", body).body["metric_score"] == 1.0


def test_inner_searches_of_collapse_are_not_reranked(corpus: Corpus) -> None:
    collapse = {"field": "group", "inner_hits": {"name": "best", "size": 2}}
    before, after = corpus.plain(collapse=collapse), corpus.search(collapse=collapse)
    assert by_id(after.body["hits"]["hits"]) == by_id(before.body["hits"]["hits"])
    assert corpus.sidecar.calls == []


def test_a_data_stream_is_reranked(corpus: Corpus) -> None:
    request = corpus.engine.request
    settings = {"index.lastly.fields": ["body"], "index.lastly.enabled": True, "index.lastly.timeout": "5s"}
    inner = {"settings": settings, "mappings": {"properties": {"body": {"type": "text"}}}}
    template = {"index_patterns": ["notes-*"], "data_stream": {}, "template": inner, "priority": 500}
    made = request("PUT", "/_index_template/notes", template)
    assert made.status == 200, made.body
    try:
        for number in range(5):
            text = "apple " + "x " * number
            request("POST", "/notes-a/_doc?refresh=true", {"@timestamp": "2026-01-01T00:00:00Z", "body": text})
        off = request("POST", "/notes-a/_search", {**APPLE, "ext": {"lastly": {"enabled": False}}})
        on = request("POST", "/notes-a/_search", APPLE)
        assert len(on.ids) == 5
        assert on.ids == off.ids[::-1]
    finally:
        request("DELETE", "/_data_stream/notes-a")
        request("DELETE", "/_index_template/notes")


def test_a_rescored_window_is_reranked_and_nothing_is_lost(corpus: Corpus) -> None:
    rescore = {"window_size": 20, "query": {"rescore_query": {"match": {"title": "article"}}}}
    before, after = corpus.plain(rescore=rescore, size=ALL), corpus.search(rescore=rescore, size=ALL)
    assert sorted(after.ids) == sorted(before.ids)
    assert after.ids[:WINDOW] == before.ids[:WINDOW][::-1]


def test_hits_below_a_least_score_stay_away(corpus: Corpus) -> None:
    scores = corpus.plain(size=ALL).scores
    least = scores[29]
    answer = corpus.search(size=ALL, min_score=least)
    assert sorted(answer.ids) == sorted(corpus.plain(size=ALL, min_score=least).ids)
    assert len(answer.ids) < ALL


def test_suggestions_explanations_and_scripts_are_kept(corpus: Corpus) -> None:
    asked = {
        "suggest": {"s": {"text": "aple", "term": {"field": "body"}}},
        "explain": True,
        "script_fields": {"twice": {"script": "doc['number'].value * 2"}},
        "_source": True,
    }
    before, after = corpus.plain(size=ALL, **asked).body, corpus.search(size=ALL, **asked).body
    assert after["suggest"] == before["suggest"]
    assert by_id(after["hits"]["hits"]) == by_id(before["hits"]["hits"])


def test_wildcards_and_a_missing_index_are_the_search_s_own_business(corpus: Corpus) -> None:
    found = corpus.engine.request("POST", f"/{corpus.index[:4]}*/_search", APPLE)
    assert found.ids == corpus.search().ids
    assert corpus.engine.request("POST", "/no-such-index/_search", APPLE).status == 404


def test_a_pipeline_with_other_response_processors_is_left_alone_and_counted(corpus: Corpus) -> None:
    request = corpus.engine.request
    request("PUT", "/_search/pipeline/cut", {"response_processors": [{"truncate_hits": {"target_size": 3}}]})
    before = corpus.counts()["skipped"].get("response_processors", 0)
    try:
        answer = request("POST", f"/{corpus.index}/_search?search_pipeline=cut", APPLE)
        assert answer.ids == corpus.plain(size=3).ids
        assert corpus.sidecar.calls == []
        assert corpus.counts()["skipped"]["response_processors"] == before + 1
    finally:
        request("DELETE", "/_search/pipeline/cut")


@pytest.fixture
def piped(corpus: Corpus) -> Any:
    """The corpus without index settings; a pipeline of ours does the same."""
    corpus.configure(enabled=False)
    own = {"fields": ["title", "body"], "timeout": "5s"}
    steps = {"request_processors": [{"lastly_rerank": own}], "response_processors": [{"lastly_rerank": {}}]}
    made = corpus.engine.request("PUT", "/_search/pipeline/ours", steps)
    assert made.status == 200, made.body
    yield corpus
    corpus.engine.request("DELETE", "/_search/pipeline/ours")


def test_the_pipeline_s_processors_rerank_as_the_index_settings_do(piped: Corpus) -> None:
    first = piped.search(size=ALL).ids
    assert piped.sidecar.calls == []
    answer = piped.engine.request("POST", f"/{piped.index}/_search?search_pipeline=ours", {**APPLE, "size": ALL})
    assert answer.ids == first[:WINDOW][::-1] + first[WINDOW:]


def test_the_pipeline_s_pages_are_those_of_the_whole(piped: Corpus) -> None:
    path = f"/{piped.index}/_search?search_pipeline=ours"
    whole = piped.engine.request("POST", path, {**APPLE, "size": ALL}).ids
    pages = [
        piped.engine.request("POST", path, {**APPLE, "size": 20, "from": start}).ids for start in range(0, ALL, 20)
    ]
    assert [hit for page in pages for hit in page] == whole


def test_the_pipeline_fails_open(piped: Corpus) -> None:
    piped.sidecar.status = 500
    answer = piped.engine.request("POST", f"/{piped.index}/_search?search_pipeline=ours", APPLE)
    assert answer.ids == piped.search().ids
    assert "status_500" in answer.warning


def test_reranking_is_done_once_where_index_and_pipeline_both_ask(piped: Corpus) -> None:
    piped.configure(enabled=True)
    piped.engine.request("POST", f"/{piped.index}/_search?search_pipeline=ours", APPLE)
    assert len(piped.sidecar.calls) == 1


@pytest.mark.parametrize(
    "own", [{}, {"fields": []}, {"fields": ["body"], "window_size": 0}, {"fields": ["body"], "windw": 3}]
)
def test_a_pipeline_with_a_wrong_value_is_refused(engine: OpenSearchEngine, own: dict[str, Any]) -> None:
    answer = engine.request("PUT", "/_search/pipeline/wrong", {"request_processors": [{"lastly_rerank": own}]})
    assert answer.status == 400, answer.body
    assert "lastly" in str(answer.body)


def test_a_cancelled_search_ends_its_call(corpus: Corpus) -> None:
    corpus.sidecar.delay_s = 4
    corpus.configure(timeout="10s")
    cancelled = corpus.counts()["failed"].get("cancelled", 0)
    answers: list[Any] = []
    caller = threading.Thread(target=lambda: answers.append(corpus.search()))
    started = time.monotonic()
    caller.start()
    assert eventually(lambda: corpus.counts()["in_flight"] == 1)
    corpus.engine.request("POST", "/_tasks/_cancel?actions=indices:data/read/search")
    caller.join(10)
    assert time.monotonic() - started < 3.5
    assert answers[0].status in (400, 500)
    assert "cancelled" in str(answers[0].body)
    assert corpus.counts()["failed"]["cancelled"] == cancelled + 1


def test_the_request_of_the_caller_keeps_its_context(corpus: Corpus) -> None:
    answer = corpus.search(headers={"X-Opaque-Id": "me-2"})
    assert answer.headers["x-opaque-id"] == "me-2"


def test_a_trace_reaches_the_sidecar(corpus: Corpus) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    corpus.search(headers={"traceparent": trace})
    assert corpus.sidecar.calls[0].headers["traceparent"] == trace


@pytest.mark.parametrize("url", ["sidecar:8787", "ftp://sidecar", "http://"])
def test_a_wrong_address_is_refused_by_name(engine: OpenSearchEngine, url: str) -> None:
    answer = engine.request("PUT", "/_cluster/settings", {"persistent": {"lastly.sidecar.urls": [url]}})
    assert answer.status == 400
    assert "lastly.sidecar.urls" in str(answer.body)
    assert "http://" in str(answer.body)


def test_without_a_sidecar_the_order_is_kept(corpus: Corpus) -> None:
    use_sidecars(corpus, [])
    try:
        answer = corpus.search()
        assert answer.ids == corpus.plain().ids
        assert "no_sidecar" in answer.warning
    finally:
        use_sidecars(corpus, [corpus.sidecar.url])


def test_a_dead_address_is_passed_over(corpus: Corpus) -> None:
    use_sidecars(corpus, ["http://127.0.0.1:9", corpus.sidecar.url])
    try:
        assert corpus.search().ids != corpus.plain().ids
    finally:
        use_sidecars(corpus, [corpus.sidecar.url])
