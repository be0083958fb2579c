"""What OpenSearch does that the shared promises don't meet: pipelines, points in time, cancelling, secrets of the node.

Points of the project's list of what reaches a filter that have no test here, with the reason. Security rules and masked
fields: the security plugin is in no distribution on Maven Central, and the header with which it marks a search can't be
sent from outside; the filter takes no text from a search so marked. Searches across clusters: two clusters at once are
more than a test machine's memory. Async search, hybrid queries, the semantic highlighter: plugins that the node hasn't
got. Retrievers and knn sections: Elasticsearch's. Reference counts: OpenSearch's hits have none.
"""

from typing import Any

import pytest

from tests.engines.engine import Corpus
from tests.engines.opensearch.client import OpenSearchEngine
from tests.engines.promises import ALL, WINDOW, by_id

APPLE: dict[str, Any] = {"query": {"match": {"body": "apple"}}}


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
