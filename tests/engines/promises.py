"""The promises, written once for every engine that speaks this search API. `Corpus` has 120 documents; window 50."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.engines.engine import Corpus
from tests.engines.vespa.lying_sidecar import LIES

WINDOW = 50
ALL = 120


class Promises:
    """Collected through a subclass in each engine's folder, whose conftest gives `corpus`."""

    def test_the_window_is_reranked_and_the_tail_kept(self, corpus: Corpus) -> None:
        first = corpus.plain(size=ALL).ids
        assert corpus.search(size=ALL).ids == first[:WINDOW][::-1] + first[WINDOW:]
        assert len(corpus.sidecar.calls) == 1

    def test_the_model_gets_the_query_and_the_fields_in_order(self, corpus: Corpus) -> None:
        first = corpus.plain(size=1)
        corpus.search()
        call = corpus.sidecar.calls[0].body
        source = first.body["hits"]["hits"][0]["_source"]
        assert call["query"] == "apple"
        assert call["documents"][0] == f"{source['title'].strip()}\n{source['body'].strip()}"
        assert len(call["documents"]) == WINDOW

    def test_pages_are_disjoint_and_complete_and_their_scores_fall(self, corpus: Corpus) -> None:
        pages = [corpus.search(size=7, **{"from": start}) for start in range(0, ALL, 7)]
        ids = [hit for page in pages for hit in page.ids]
        scores = [score for page in pages for score in page.scores]
        assert ids == corpus.search(size=ALL).ids
        assert len(set(ids)) == ALL
        assert scores == sorted(scores, reverse=True)

    def test_a_page_across_the_window_s_edge_has_both_sides(self, corpus: Corpus) -> None:
        everything = corpus.search(size=ALL).ids
        assert corpus.search(size=10, **{"from": WINDOW - 5}).ids == everything[WINDOW - 5 : WINDOW + 5]

    def test_a_page_below_the_window_asks_nobody(self, corpus: Corpus) -> None:
        corpus.search(**{"from": WINDOW})
        assert corpus.sidecar.calls == []

    def test_hits_are_unchanged_but_for_order_and_score(self, corpus: Corpus) -> None:
        before = corpus.plain(size=ALL, version=True, seq_no_primary_term=True).body["hits"]["hits"]
        after = corpus.search(size=ALL, version=True, seq_no_primary_term=True).body["hits"]["hits"]
        assert by_id(after) == by_id(before)

    @pytest.mark.parametrize("source", [False, ["title"], {"excludes": ["body"]}])
    def test_filtered_source_stays_filtered_and_is_still_reranked(self, corpus: Corpus, source: Any) -> None:
        before = corpus.plain(size=ALL, _source=source)
        after = corpus.search(size=ALL, _source=source)
        assert after.ids != before.ids
        assert by_id(after.body["hits"]["hits"]) == by_id(before.body["hits"]["hits"])
        assert "apple" in corpus.sidecar.calls[0].body["documents"][0]

    @pytest.mark.parametrize("fields", [["title"], ["*"], ["body", "title"], ["group"]])
    def test_asked_fields_are_what_the_answer_has(self, corpus: Corpus, fields: list[str]) -> None:
        before = corpus.plain(size=ALL, fields=fields).body["hits"]["hits"]
        after = corpus.search(size=ALL, fields=fields).body["hits"]["hits"]
        assert by_id(after) == by_id(before)

    def test_aggregations_total_highlight_and_profile_are_kept(self, corpus: Corpus) -> None:
        asked = {
            "aggs": {"groups": {"terms": {"field": "group"}}},
            "highlight": {"fields": {"body": {}}},
            "track_total_hits": True,
            "profile": True,
        }
        before, after = corpus.plain(**asked).body, corpus.search(**asked).body
        assert after["aggregations"] == before["aggregations"]
        assert after["hits"]["total"] == before["hits"]["total"]
        assert after["profile"]["shards"]
        assert all("<em>apple</em>" in hit["highlight"]["body"][0] for hit in after["hits"]["hits"])

    def test_no_total_is_no_trouble(self, corpus: Corpus) -> None:
        answer = corpus.search(track_total_hits=False)
        assert "total" not in answer.body["hits"]
        assert corpus.sidecar.calls

    def test_collapsed_groups_are_reranked(self, corpus: Corpus) -> None:
        answer = corpus.search(collapse={"field": "group"}, size=20)
        groups = [hit["fields"]["group"][0] for hit in answer.body["hits"]["hits"]]
        assert len(groups) == len(set(groups)) == 5
        assert answer.ids == corpus.plain(collapse={"field": "group"}, size=20).ids[::-1]

    def test_sorting_by_score_is_reranked_with_its_sort_values(self, corpus: Corpus) -> None:
        answer = corpus.search(sort=["_score"])
        assert [hit["sort"][0] for hit in answer.body["hits"]["hits"]] == pytest.approx(answer.scores)
        assert len(corpus.sidecar.calls) == 1

    @pytest.mark.parametrize(
        ("reason", "body"),
        [
            ("sort", {"sort": [{"number": "asc"}]}),
            ("sort", {"sort": ["_score", {"number": "asc"}]}),
            ("search_after", {"sort": [{"number": "asc"}], "search_after": [3]}),
            ("size_zero", {"size": 0}),
            ("no_query_text", {"query": {"match_all": {}}}),
            ("no_query_text", {"query": {"bool": {"filter": [{"match": {"body": "apple"}}]}}}),
            ("no_query_text", {"query": {"constant_score": {"filter": {"match": {"body": "apple"}}}}}),
            ("collapse_inner_hits", {"collapse": {"field": "group", "inner_hits": {"name": "all"}}}),
            ("stored_fields_none", {"stored_fields": "_none_"}),
            ("switched_off", {"ext": {"lastly": {"enabled": False}}}),
        ],
    )
    def test_what_must_not_be_reordered_is_left_alone_and_counted(
        self, corpus: Corpus, reason: str, body: dict[str, Any]
    ) -> None:
        before = corpus.counts()["skipped"].get(reason, 0)
        answer = corpus.search(**body)
        assert answer.status == 200, answer.body
        assert corpus.sidecar.calls == []
        assert corpus.counts()["skipped"][reason] == before + 1

    def test_scrolls_and_counts_are_left_alone(self, corpus: Corpus) -> None:
        body = {"query": {"match": {"body": "apple"}}}
        assert corpus.engine.request("POST", f"/{corpus.index}/_search?scroll=1m", body).status == 200
        assert corpus.engine.request("POST", f"/{corpus.index}/_count", body).body["count"] == ALL
        assert corpus.sidecar.calls == []

    def test_several_searches_in_one_request_are_each_reranked(self, corpus: Corpus) -> None:
        item: dict[str, Any] = {"query": {"match": {"body": "apple"}}}
        lines = [{"index": corpus.index}, item, {"index": corpus.index}, {**item, "size": 3}]
        answers = corpus.engine.request("POST", "/_msearch", lines).body["responses"]
        expected = corpus.search(size=10).ids
        assert [[hit["_id"] for hit in answer["hits"]["hits"]] for answer in answers] == [expected, expected[:3]]

    def test_words_of_filters_never_reach_the_sidecar(self, corpus: Corpus) -> None:
        clauses = {
            "must": [{"match": {"body": "apple"}}],
            "should": [{"multi_match": {"query": "red", "fields": ["title", "body"]}}],
            "filter": [{"term": {"group": "g1"}}],
            "must_not": [{"match": {"body": "poison"}}],
        }
        corpus.search({"bool": clauses})
        assert corpus.sidecar.calls[0].body["query"] == "apple red"

    def test_a_search_s_own_settings_win(self, corpus: Corpus) -> None:
        own = {"query": "pear", "window_size": 5, "explain": True, "instruction": "short"}
        first = corpus.plain(size=5)
        answer = corpus.search(ext={"lastly": own})
        call = corpus.sidecar.calls[0].body
        assert (call["query"], call["instruction"], len(call["documents"])) == ("pear", "short", 5)
        assert [hit["fields"]["lastly_first_stage_rank"][0] for hit in answer.body["hits"]["hits"][:5]] == [
            5,
            4,
            3,
            2,
            1,
        ]
        kept = [hit["fields"]["lastly_first_stage_score"][0] for hit in answer.body["hits"]["hits"][:5]]
        assert kept == pytest.approx(first.scores[::-1], rel=1e-5)

    @pytest.mark.parametrize("own", [{"windw": 3}, {"window_size": 0}, {"window_size": 1001}, {"enabled": "yes"}])
    def test_a_wrong_key_or_value_of_a_search_is_refused_by_name(self, corpus: Corpus, own: dict[str, Any]) -> None:
        answer = corpus.search(ext={"lastly": own})
        assert answer.status == 400
        assert "ext.lastly" in str(answer.body)
        assert next(iter(own)) in str(answer.body)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("window_size", 0),
            ("window_size", 1001),
            ("on_failure", "shrug"),
            ("mode", "loud"),
            ("fields", ["bo*"]),
            ("timeout", "2m"),
            ("max_doc_tokens", -1),
        ],
    )
    def test_a_wrong_setting_is_refused_by_name(self, corpus: Corpus, name: str, value: Any) -> None:
        answer = corpus.configure(**{name: value})
        assert answer.status == 400
        assert f"index.lastly.{name}" in str(answer.body)

    def test_reranking_needs_fields(self, corpus: Corpus) -> None:
        answer = corpus.configure(fields=[])
        assert answer.status == 400
        assert "index.lastly.fields" in str(answer.body)

    @pytest.mark.parametrize("lie", LIES)
    def test_a_lying_sidecar_changes_nothing(self, corpus: Corpus, lie: str) -> None:
        corpus.sidecar.answer = LIES[lie]
        answer = corpus.search()
        assert answer.ids == corpus.plain().ids
        assert "bad_answer" in answer.warning

    @pytest.mark.parametrize(("status", "reason"), [(500, "status_500"), (401, "unauthorized"), (503, "not_ready")])
    def test_a_refusing_sidecar_changes_nothing(self, corpus: Corpus, status: int, reason: str) -> None:
        corpus.sidecar.status = status
        answer = corpus.search()
        assert (answer.status, answer.ids) == (200, corpus.plain().ids)
        assert reason in answer.warning
        assert "apple" not in answer.warning

    def test_a_slow_sidecar_costs_no_more_than_the_timeout(self, corpus: Corpus) -> None:
        corpus.configure(timeout="300ms")
        corpus.sidecar.delay_s = 5
        started = time.monotonic()
        answer = corpus.search()
        assert time.monotonic() - started < 1.5
        assert "timeout" in answer.warning
        assert answer.ids == corpus.plain().ids

    def test_fail_gives_a_clear_error(self, corpus: Corpus) -> None:
        corpus.configure(on_failure="fail")
        corpus.sidecar.status = 500
        answer = corpus.search()
        assert answer.status == 503
        assert "lastly: not reranked (status_500)" in str(answer.body)

    def test_shadow_calls_and_counts_and_leaves_the_order(self, corpus: Corpus) -> None:
        corpus.configure(mode="shadow")
        before = corpus.counts()["shadowed"]
        answer = corpus.search()
        plain = corpus.plain()
        assert (answer.ids, answer.scores) == (plain.ids, plain.scores)
        assert eventually(lambda: corpus.counts()["shadowed"] == before + 1)

    def test_the_breaker_opens_on_a_sick_sidecar_and_closes_on_a_well_one(self, corpus: Corpus) -> None:
        corpus.sidecar.status = 500
        for _ in range(8):
            corpus.search()
        assert len(corpus.sidecar.calls) < 8
        assert corpus.counts()["breaker"] == "open"
        corpus.sidecar.status = 200
        assert eventually(lambda: corpus.search().ids != corpus.plain().ids)
        assert corpus.counts()["breaker"] == "closed"

    def test_many_searches_at_once_lose_nothing(self, corpus: Corpus) -> None:
        expected = corpus.search().ids
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: corpus.search(), range(300)))
        assert {tuple(answer.ids) for answer in answers} == {tuple(expected)}
        assert corpus.counts()["in_flight"] == 0

    def test_request_ids_and_traces_reach_the_sidecar(self, corpus: Corpus) -> None:
        corpus.search(headers={"X-Opaque-Id": "me-1"})
        headers = corpus.sidecar.calls[0].headers
        assert headers["x-request-id"] == "me-1"
        assert 0 < int(headers["x-request-timeout-ms"]) <= 5000

    def test_indices_with_different_settings_are_left_alone(self, corpus: Corpus) -> None:
        other = f"{corpus.index}-other"
        corpus.engine.request("PUT", f"/{other}", {"settings": {"index.number_of_replicas": 0}})
        try:
            answer = corpus.engine.request(
                "POST", f"/{corpus.index},{other}/_search", {"query": {"match": {"body": "apple"}}}
            )
            assert "different index.lastly settings" in answer.warning
            assert corpus.sidecar.calls == []
        finally:
            corpus.engine.request("DELETE", f"/{other}")

    def test_an_alias_is_reranked_as_its_index(self, corpus: Corpus) -> None:
        corpus.engine.request("PUT", f"/{corpus.index}/_alias/nickname")
        answer = corpus.engine.request("POST", "/nickname/_search", {"query": {"match": {"body": "apple"}}})
        assert answer.ids == corpus.search().ids

    def test_the_index_s_own_limit_holds(self, corpus: Corpus) -> None:
        limit = {"index.max_result_window": 20}
        corpus.engine.request("PUT", f"/{corpus.index}/_settings", limit)
        try:
            assert corpus.search().status == 200
            assert len(corpus.sidecar.calls[0].body["documents"]) == 20
        finally:
            corpus.engine.request("PUT", f"/{corpus.index}/_settings", {"index.max_result_window": None})

    def test_reindexing_copies_every_document_unranked(self, corpus: Corpus) -> None:
        copy = f"{corpus.index}-copy"
        body = {"source": {"index": corpus.index, "query": {"match": {"body": "apple"}}}, "dest": {"index": copy}}
        answer = corpus.engine.request("POST", "/_reindex?refresh=true", body)
        if answer.status in (400, 405) and "created" not in answer.body:
            pytest.skip(f"this distribution has no reindex module: {answer.status} {answer.body}")
        assert answer.body["created"] == ALL
        assert corpus.sidecar.calls == []
        corpus.engine.request("DELETE", f"/{copy}")


def by_id(hits: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give the hits by id, without what reranking may change."""
    return {hit["_id"]: {name: value for name, value in hit.items() if name != "_score"} for hit in hits}


def eventually(true: Any, seconds: float = 15) -> bool:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False
