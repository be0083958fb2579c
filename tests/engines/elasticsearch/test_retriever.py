"""The retriever `lastly_rerank`, in a real node whose assertions are on."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.engines.elasticsearch.test_elasticsearch_only import check_released
from tests.kit.engines.corpus import ALL, WINDOW
from tests.kit.engines.engine import Answer, Corpus, at, by_id
from tests.kit.nodes.elasticsearch import ElasticsearchNode
from tests.kit.waiting import eventually

APPLE: dict[str, Any] = {"standard": {"query": {"match": {"body": "apple"}}}}


def reranked(child: dict[str, Any] | None = None, **own: Any) -> dict[str, Any]:
    return {"lastly_rerank": {"retriever": child or APPLE, "fields": ["title", "body"], "timeout": "5s", **own}}


def scores(count: int) -> list[float]:
    """What the lying sidecar's cosines become: the last candidate is the best."""
    return [(1 + index / count) / 2 for index in reversed(range(count))]


@pytest.fixture
def plain(corpus: Corpus) -> Corpus:
    """The corpus, its index not enabled: only the retriever reranks."""
    corpus.configure(enabled=False)
    return corpus


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


def test_scores_that_are_no_cosines_keep_their_order(plain: Corpus) -> None:
    plain.sidecar.answer = lambda count: json.dumps(
        {"results": [{"index": index, "relevance_score": -1.5} for index in range(count)]}
    ).encode()
    answer = plain.search(retriever=reranked(), size=WINDOW)
    assert answer.status == 200, answer.body
    assert answer.ids == plain.plain(size=WINDOW).ids
    assert "warning" not in answer.headers


@pytest.mark.parametrize(("status", "reason"), [(500, "status_500"), (401, "unauthorized"), (503, "not_ready")])
def test_a_refusing_sidecar_keeps_the_first_stage_s_order_and_scores(plain: Corpus, status: int, reason: str) -> None:
    plain.sidecar.status = status
    answer = plain.search(retriever=reranked(), size=WINDOW)
    first = plain.plain(size=WINDOW)
    assert (answer.status, answer.ids) == (200, first.ids)
    assert answer.scores == pytest.approx(first.scores)
    assert reason in answer.warning
    assert "apple" not in answer.warning


def test_a_slow_sidecar_costs_no_more_than_the_timeout(plain: Corpus) -> None:
    plain.sidecar.delay_s = 5
    started = time.monotonic()
    answer = plain.search(retriever=reranked(timeout="300ms"), size=5)
    assert time.monotonic() - started < 1.5
    assert "timeout" in answer.warning
    assert answer.ids == plain.plain(size=5).ids


def test_fail_gives_a_clear_error(plain: Corpus) -> None:
    plain.sidecar.status = 500
    answer = plain.search(retriever=reranked(on_failure="fail"), size=5)
    assert answer.status == 503
    assert "lastly: not reranked (status_500)" in str(answer.body)


def test_an_error_of_the_child_is_the_search_s(plain: Corpus) -> None:
    child = {
        "standard": {"query": {"script_score": {"query": {"match": {"body": "apple"}}, "script": {"source": "x("}}}}
    }
    answer = plain.search(retriever=reranked(child), size=5)
    assert answer.status == 400
    assert plain.sidecar.calls == []


def test_a_cancelled_search_ends_its_call(plain: Corpus) -> None:
    plain.sidecar.delay_s = 4
    answers: list[Answer] = []
    caller = threading.Thread(target=lambda: answers.append(plain.search(retriever=reranked(timeout="10s"), size=5)))
    started = time.monotonic()
    caller.start()
    assert eventually(lambda: plain.counts()["in_flight"] == 1)
    plain.engine.request("POST", "/_tasks/_cancel?actions=indices:data/read/search")
    caller.join(10)
    assert time.monotonic() - started < 3.5
    assert answers[0].status == 400
    assert "cancelled" in str(answers[0].body)
    assert plain.counts()["in_flight"] == 0


@pytest.mark.parametrize(
    ("own", "named"),
    [
        ({"fields": []}, "lastly_rerank.fields"),
        ({"fields": ["bo*"]}, "lastly_rerank.fields"),
        ({"window_size": 0}, "lastly_rerank.window_size"),
        ({"window_size": 1001}, "lastly_rerank.window_size"),
        ({"timeout": "2m"}, "lastly_rerank.timeout"),
        ({"on_failure": "shrug"}, "lastly_rerank.on_failure"),
        ({"max_doc_tokens": -1}, "lastly_rerank.max_doc_tokens"),
        ({"query": "x" * 8193}, "lastly_rerank.query"),
        ({"windw": 3}, "windw"),
        ({"retriever": {"standard": {"query": {"match_all": {}}}}}, "lastly_rerank.query"),
        ({"window_size": 5}, "window_size: 5"),
    ],
)
def test_a_wrong_member_is_refused_by_name(plain: Corpus, own: dict[str, Any], named: str) -> None:
    answer = plain.search(retriever={"lastly_rerank": {"retriever": APPLE, "fields": ["body"], **own}}, size=10)
    assert answer.status == 400
    assert named in str(answer.body)


@pytest.mark.parametrize("missing", ["retriever", "fields"])
def test_what_is_missing_is_named(plain: Corpus, missing: str) -> None:
    body = {"retriever": APPLE, "fields": ["body"]}
    del body[missing]
    answer = plain.search(retriever={"lastly_rerank": body}, size=10)
    assert answer.status == 400
    assert missing in str(answer.body)


def test_many_at_once_lose_nothing_and_no_reference(plain: Corpus, own_node: ElasticsearchNode | None) -> None:
    expected = plain.search(retriever=reranked(), size=10).ids
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: plain.search(retriever=reranked(), size=10), range(300)))
    assert {tuple(answer.ids) for answer in answers} == {tuple(expected)}
    assert plain.counts()["in_flight"] == 0
    check_released(plain, own_node)
