"""The promises of the search API that OpenSearch and Elasticsearch share. `Corpus` has 120 documents; window 50."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.engines.suites.every_engine import EveryEngine
from tests.kit.engines.corpus import ALL
from tests.kit.engines.engine import Corpus, by_id


class SearchApi(EveryEngine):
    """Collected through a subclass in each engine's folder, whose conftest gives `corpus`."""

    def test_versions_and_sequence_numbers_are_those_of_the_hits(self, corpus: Corpus) -> None:
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
        asked: dict[str, Any] = {
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

    def test_fields_are_named_first_and_reranking_is_switched_on_then(self, corpus: Corpus) -> None:
        corpus.configure(enabled=None, fields=None)
        assert corpus.configure(enabled=True).status == 400
        assert corpus.configure(fields=["body"]).status == 200
        assert corpus.configure(enabled=True).status == 200
        assert corpus.search().ids != corpus.plain().ids

    def test_an_index_that_reranks_is_not_made_without_fields(self, corpus: Corpus) -> None:
        index = f"/{corpus.index}-made"
        answer = corpus.engine.request("PUT", index, {"settings": {"index.lastly.enabled": True}})
        corpus.engine.request("DELETE", index)
        assert answer.status == 400, answer.body
        assert "index.lastly.fields" in str(answer.body)

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

    def test_nothing_is_under_way_when_many_searches_are_over(self, corpus: Corpus) -> None:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: corpus.search(), range(100)))
        assert corpus.counts()["in_flight"] == 0

    @pytest.mark.parametrize("own", [{"windw": 3}, {"window_size": 0}])
    def test_what_a_search_may_not_say_is_named_as_it_was_written(self, corpus: Corpus, own: dict[str, Any]) -> None:
        assert "ext.lastly" in str(corpus.page(own=own).body)
