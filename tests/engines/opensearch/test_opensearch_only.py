"""What OpenSearch does that the suites it shares with Elasticsearch don't meet."""

import threading
from typing import Any

from tests.kit.engines.corpus import ALL
from tests.kit.engines.engine import Corpus, by_id
from tests.kit.waiting import eventually

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


def test_several_search_templates_in_one_request_are_each_reranked(corpus: Corpus) -> None:
    template = {"source": {"query": {"match": {"body": "{{text}}"}}}, "params": {"text": "apple"}}
    lines = [{"index": corpus.index}, template] * 2
    answers = corpus.engine.request("POST", "/_msearch/template", lines).body["responses"]
    expected = corpus.search().ids
    assert [[hit["_id"] for hit in answer["hits"]["hits"]] for answer in answers] == [expected, expected]


def test_scrolling_and_paging_by_sort_values_give_the_same_on_and_off(corpus: Corpus) -> None:
    on = [_scrolled(corpus), _after(corpus)]
    corpus.configure(enabled=False)
    assert on == [_scrolled(corpus), _after(corpus)]
    assert [len(set(ids)) for ids in on] == [ALL, ALL]
    assert corpus.sidecar.calls == []


def _scrolled(corpus: Corpus) -> list[str]:
    page = corpus.engine.request("POST", f"/{corpus.index}/_search?scroll=1m", {**APPLE, "size": 50})
    ids: list[str] = []
    while page.ids:
        ids += page.ids
        asked = {"scroll": "1m", "scroll_id": page.body["_scroll_id"]}
        page = corpus.engine.request("POST", "/_search/scroll", asked)
    corpus.engine.request("DELETE", "/_search/scroll", {"scroll_id": page.body["_scroll_id"]})
    return ids


def _after(corpus: Corpus) -> list[str]:
    order = ["_score", {"number": "asc"}]
    page = corpus.search(size=50, sort=order)
    ids: list[str] = []
    while page.ids:
        ids += page.ids
        page = corpus.search(size=50, sort=order, search_after=page.body["hits"]["hits"][-1]["sort"])
    return ids


def test_ranking_evaluation_measures_the_order_that_users_see(corpus: Corpus) -> None:
    best = corpus.search(size=1).ids[0]
    rated = {"id": "q", "request": APPLE, "ratings": [{"_index": corpus.index, "_id": best, "rating": 1}]}
    body = {"requests": [rated], "metric": {"mean_reciprocal_rank": {"k": 10}}}
    assert corpus.engine.request("POST", f"/{corpus.index}/_rank_eval", body).body["metric_score"] == 1.0


def test_suggestions_explanations_and_scripts_are_kept(corpus: Corpus) -> None:
    asked: dict[str, Any] = {
        "suggest": {"s": {"text": "aple", "term": {"field": "body"}}},
        "explain": True,
        "script_fields": {"twice": {"script": "doc['number'].value * 2"}},
        "_source": True,
    }
    before, after = corpus.plain(size=ALL, **asked).body, corpus.search(size=ALL, **asked).body
    assert after["suggest"] == before["suggest"]
    assert by_id(after["hits"]["hits"]) == by_id(before["hits"]["hits"])


def test_a_call_is_among_the_node_s_tasks_while_it_lasts(corpus: Corpus) -> None:
    corpus.sidecar.delay_s = 2
    searching = threading.Thread(target=corpus.search)
    searching.start()
    try:
        assert eventually(lambda: _calls(corpus))
    finally:
        searching.join(20)
    assert eventually(lambda: not _calls(corpus))


def _calls(corpus: Corpus) -> Any:
    return corpus.engine.request("GET", "/_tasks?actions=*lastly*").body["nodes"]
