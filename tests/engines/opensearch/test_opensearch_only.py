"""What OpenSearch does that the suites it shares with Elasticsearch don't meet."""

from typing import Any

from tests.engines.engine import Corpus
from tests.engines.promises import ALL, by_id

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
