"""Search pipelines: Lastly's own processors, and pipelines of others around a search that the filter reranks."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.engines.corpus import ALL, WINDOW
from tests.kit.engines.engine import Answer, Corpus, at

APPLE: dict[str, Any] = {"query": {"match": {"body": "apple"}}}
STEPS: dict[str, Any] = {
    "request_processors": [{"lastly_rerank": {"fields": ["title", "body"], "timeout": "5s"}}],
    "response_processors": [{"lastly_rerank": {}}],
}


@pytest.fixture
def piped(corpus: Corpus) -> Iterator[Corpus]:
    """The corpus without index settings; the pipeline `ours` does the same."""
    corpus.configure(enabled=False)
    made = corpus.engine.request("PUT", "/_search/pipeline/ours", STEPS)
    assert made.status == 200, made.body
    yield corpus
    corpus.engine.request("DELETE", "/_search/pipeline/ours")


def search(corpus: Corpus, parameters: str = "search_pipeline=ours", **body: Any) -> Answer:
    return corpus.engine.request("POST", f"/{corpus.index}/_search?{parameters}", {**APPLE, **body})


def test_the_processors_rerank_as_the_index_settings_do(piped: Corpus) -> None:
    first = piped.search(size=ALL).ids
    assert piped.sidecar.calls == []
    assert search(piped, size=ALL).ids == first[:WINDOW][::-1] + first[WINDOW:]


def test_the_index_s_default_pipeline_reranks_every_search(piped: Corpus) -> None:
    first = piped.search().ids
    path = f"/{piped.index}/_settings"
    piped.engine.request("PUT", path, {"index.search.default_pipeline": "ours"})
    try:
        assert search(piped, "").ids != first
    finally:
        piped.engine.request("PUT", path, {"index.search.default_pipeline": None})
    assert len(piped.sidecar.calls) == 1


def test_a_pipeline_written_in_the_search_reranks_it(piped: Corpus) -> None:
    assert search(piped, "", search_pipeline=STEPS).ids == search(piped).ids
    assert len(piped.sidecar.calls) == 2


def test_pages_are_those_of_the_whole(piped: Corpus) -> None:
    whole = search(piped, size=ALL).ids
    piped.sidecar.calls.clear()
    pages = [search(piped, size=20, **at(start)) for start in range(0, ALL, 20)]
    assert [hit for page in pages for hit in page.ids] == whole
    assert len(piped.sidecar.calls) == -(-WINDOW // 20)


def test_the_processors_fail_open(piped: Corpus) -> None:
    piped.sidecar.status = 500
    answer = search(piped)
    assert answer.ids == piped.search().ids
    assert "status_500" in answer.warning


def test_where_index_and_pipeline_both_ask_it_is_done_once(piped: Corpus) -> None:
    assert piped.configure(enabled=True).status == 200
    expected = piped.search().ids
    assert search(piped).ids == expected
    assert len(piped.sidecar.calls) == 2


def test_searches_of_different_pipelines_in_one_request_go_their_own_ways(piped: Corpus) -> None:
    lines = [{"index": piped.index}, {**APPLE, "search_pipeline": "ours"}, {"index": piped.index}, APPLE]
    answers = piped.engine.request("POST", "/_msearch", lines).body["responses"]
    ids = [[hit["_id"] for hit in answer["hits"]["hits"]] for answer in answers]
    assert ids == [search(piped).ids, piped.search().ids]


@pytest.mark.parametrize(
    "own", [{}, {"fields": []}, {"fields": ["body"], "window_size": 0}, {"fields": ["body"], "windw": 3}]
)
def test_a_wrong_value_is_refused_when_the_pipeline_is_stored(corpus: Corpus, own: dict[str, Any]) -> None:
    answer = corpus.engine.request("PUT", "/_search/pipeline/wrong", {"request_processors": [{"lastly_rerank": own}]})
    assert answer.status == 400, answer.body
    assert "lastly" in str(answer.body)


def test_other_response_processors_get_what_they_would_get_and_it_is_counted(corpus: Corpus) -> None:
    request = corpus.engine.request
    request("PUT", "/_search/pipeline/cut", {"response_processors": [{"truncate_hits": {"target_size": 3}}]})
    before = corpus.counts()["skipped"].get("response_processors", 0)
    try:
        assert search(corpus, "search_pipeline=cut").ids == corpus.plain(size=3).ids
        assert corpus.sidecar.calls == []
        assert corpus.counts()["skipped"]["response_processors"] == before + 1
    finally:
        request("DELETE", "/_search/pipeline/cut")


def test_a_request_processor_s_filter_holds_for_the_reranked_window(corpus: Corpus) -> None:
    only = {"filter_query": {"query": {"term": {"group": "g1"}}}}
    corpus.engine.request("PUT", "/_search/pipeline/only", {"request_processors": [only]})
    try:
        answer = search(corpus, "search_pipeline=only", size=ALL)
        kept = corpus.plain({"bool": {"must": APPLE["query"], "filter": {"term": {"group": "g1"}}}}, size=ALL)
        assert answer.ids == kept.ids[::-1]
        assert corpus.sidecar.calls[0].body["query"] == "apple"
    finally:
        corpus.engine.request("DELETE", "/_search/pipeline/only")


def test_a_pipeline_that_is_not_there_is_the_search_s_own_error(corpus: Corpus) -> None:
    answer = search(corpus, "search_pipeline=nosuch")
    assert answer.status == 400
    assert "nosuch" in str(answer.body)


def test_a_slow_sidecar_costs_no_more_than_the_processor_s_timeout(piped: Corpus) -> None:
    quick = {**STEPS, "request_processors": [{"lastly_rerank": {"fields": ["body"], "timeout": "200ms"}}]}
    piped.sidecar.delay_s = 5
    started = time.monotonic()
    answer = search(piped, "", search_pipeline=quick)
    assert time.monotonic() - started < 2
    assert "timeout" in answer.warning
    assert answer.ids == piped.search().ids
