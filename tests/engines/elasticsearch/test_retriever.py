"""The retriever `lastly_rerank`, in a real node whose assertions are on."""

from typing import Any

import pytest

from tests.engines.elasticsearch.retrieving import APPLE, reranked, scores
from tests.kit.engines.corpus import ALL, WINDOW
from tests.kit.engines.engine import Corpus, at, by_id


def test_the_window_is_in_the_order_of_the_sidecar_s_scores(plain: Corpus) -> None:
    first = plain.plain(size=ALL)
    answer = plain.search(retriever=reranked(), size=WINDOW)
    assert answer.status == 200, answer.body
    assert answer.ids == first.ids[:WINDOW][::-1]
    assert answer.scores == pytest.approx(scores(WINDOW), abs=1e-6)
    call = plain.sidecar.calls[0].body
    source = first.body["hits"]["hits"][0]["_source"]
    assert (call["query"], len(call["documents"])) == ("apple", WINDOW)
    assert call["documents"][0] == f"{source['title'].strip()}\n{source['body'].strip()}"
    assert len(plain.sidecar.calls) == 1


def test_hits_are_unchanged_but_for_order_and_score(plain: Corpus) -> None:
    before = plain.plain(size=WINDOW, version=True, seq_no_primary_term=True).body["hits"]["hits"]
    after = plain.search(retriever=reranked(), size=WINDOW, version=True, seq_no_primary_term=True)
    assert by_id(after.body["hits"]["hits"]) == by_id(before)


def test_pages_are_disjoint_and_hold_the_window(plain: Corpus) -> None:
    pages = [plain.search(retriever=reranked(), size=7, **at(start)) for start in range(0, WINDOW + 7, 7)]
    ids = [hit for page in pages for hit in page.ids]
    falling = [score for page in pages for score in page.scores]
    assert ids == plain.search(retriever=reranked(), size=WINDOW).ids
    assert len(set(ids)) == WINDOW
    assert falling == sorted(falling, reverse=True)


def test_what_it_asks_for_reaches_the_sidecar(plain: Corpus) -> None:
    own: dict[str, Any] = {
        "query": "pear",
        "window_size": 5,
        "instruction": "short",
        "model": "mini",
        "max_doc_tokens": 9,
    }
    answer = plain.search(retriever=reranked(**own), size=5, headers={"X-Opaque-Id": "me-3"})
    call = plain.sidecar.calls[0]
    assert (call.body["query"], call.body["instruction"], call.body["model"]) == ("pear", "short", "mini")
    assert (call.body["max_doc_length"], len(call.body["documents"]), len(answer.ids)) == (9, 5, 5)
    assert call.headers["x-request-id"] == "me-3"
    assert answer.warning == ""
    assert 0 < int(call.headers["x-request-timeout-ms"]) <= 5000


def test_it_reranks_once_where_the_index_is_enabled_too(corpus: Corpus) -> None:
    skipped = corpus.counts()["skipped"].get("reranker_retriever", 0)
    answer = corpus.search(retriever=reranked(), size=WINDOW)
    assert answer.scores == pytest.approx(scores(WINDOW), abs=1e-6)
    assert len(corpus.sidecar.calls) == 1
    assert corpus.counts()["skipped"]["reranker_retriever"] == skipped + 1


def test_within_another_retriever_the_index_settings_do_not_rerank_either(corpus: Corpus) -> None:
    rescore = {"window_size": 20, "query": {"rescore_query": {"match": {"title": "article"}}}}
    answer = corpus.search(retriever={"rescorer": {"rescore": rescore, "retriever": reranked()}}, size=20)
    assert answer.status == 200, answer.body
    assert len(corpus.sidecar.calls) == 1
    assert sorted(answer.ids) == sorted(corpus.search(retriever=reranked(), size=20).ids)


def test_a_rescored_and_a_reranked_child_are_reranked(plain: Corpus) -> None:
    rescore = {"window_size": WINDOW, "query": {"rescore_query": {"match": {"title": "article"}}}}
    rescored = {"rescorer": {"rescore": rescore, "retriever": APPLE}}
    assert plain.search(retriever=reranked(rescored), size=WINDOW).scores == pytest.approx(scores(WINDOW), abs=1e-6)
    twice = plain.search(retriever=reranked(reranked()), size=WINDOW)
    assert twice.ids == plain.plain(size=WINDOW).ids
    assert len(plain.sidecar.calls) == 3


def test_a_knn_child_is_reranked_by_the_text_that_is_given(plain: Corpus) -> None:
    knn = {"knn": {"field": "vector", "query_vector": [1.0, 2.0], "k": 20, "num_candidates": 50}}
    first = plain.search(retriever=knn, size=20).ids
    answer = plain.search(retriever=reranked(knn, query="apple"), size=20)
    assert answer.ids == first[::-1]
    assert plain.sidecar.calls[0].body["query"] == "apple"


def test_its_filter_and_least_score_hold(plain: Corpus) -> None:
    own = reranked(filter={"term": {"group": "g1"}}, min_score=0.6)
    answer = plain.search(retriever=own, size=WINDOW)
    assert {hit["_source"]["group"] for hit in answer.body["hits"]["hits"]} == {"g1"}
    expected = [score for score in scores(24) if score >= 0.6]
    assert answer.scores == pytest.approx(expected, abs=1e-6)
    nested = plain.search(retriever=reranked(reranked(), filter={"term": {"group": "g2"}}), size=WINDOW)
    assert {hit["_source"]["group"] for hit in nested.body["hits"]["hits"]} == {"g2"}
    assert len(nested.ids) == 24


def test_aggregations_total_highlight_profile_and_explanations_are_kept(plain: Corpus) -> None:
    asked: dict[str, Any] = {
        "aggs": {"groups": {"terms": {"field": "group"}}},
        "highlight": {"fields": {"body": {"highlight_query": {"match": {"body": "apple"}}}}},
        "fields": ["title"],
        "_source": False,
        "track_total_hits": True,
        "size": 20,
    }
    before, after = plain.search(retriever=APPLE, **asked), plain.search(retriever=reranked(), **asked)
    assert after.status == 200, after.body
    assert after.body["aggregations"] == before.body["aggregations"]
    assert after.body["hits"]["total"] == before.body["hits"]["total"]
    for hit in after.body["hits"]["hits"]:
        assert "<em>apple</em>" in hit["highlight"]["body"][0]
        assert list(hit["fields"]) == ["title"]
        assert "_source" not in hit
    assert plain.search(retriever=reranked(), size=5, explain=True).body["hits"]["hits"][0]["_explanation"]
    assert plain.search(retriever=reranked(), size=5, profile=True).body["profile"]["shards"]


def test_where_nothing_is_found_nobody_is_asked(plain: Corpus) -> None:
    answer = plain.search(retriever=reranked({"standard": {"query": {"match": {"body": "nosuchword"}}}}), size=5)
    assert (answer.status, answer.ids, plain.sidecar.calls) == (200, [], [])


def test_several_searches_in_one_request_are_each_reranked(plain: Corpus) -> None:
    item: dict[str, Any] = {"retriever": reranked(), "size": 3}
    lines = [{"index": plain.index}, item, {"index": plain.index}, item]
    answers = plain.engine.request("POST", "/_msearch", lines).body["responses"]
    expected = plain.search(retriever=reranked(), size=3).ids
    assert [[hit["_id"] for hit in answer["hits"]["hits"]] for answer in answers] == [expected, expected]
