"""What a widened search must not change: fields, other indices' ways to keep texts, paging, and who may search what."""

from typing import Any

import pytest

from tests.kit.engines.corpus import ALL, WINDOW
from tests.kit.engines.engine import Answer, Corpus, by_id
from tests.kit.engines.kind import Kind
from tests.kit.engines.others import Others

MATCH: dict[str, Any] = {"match": {"body": "apple"}}

APPLE: dict[str, Any] = {"query": MATCH}


def search(corpus: Corpus, index: str, parameters: str = "", **body: Any) -> Answer:
    """Search an index for the word that every document has."""
    return corpus.engine.request("POST", f"/{index}/_search?{parameters}", {**APPLE, **body})


class Widening:
    """Collected through a subclass in each engine's folder."""

    @pytest.mark.parametrize(
        "asked",
        [
            {"docvalue_fields": ["group"]},
            {"collapse": {"field": "group"}},
            {"stored_fields": ["group", "_source"]},
            {"script_fields": {"group": {"script": {"source": "doc['number'].value + 1", "lang": "expression"}}}},
        ],
    )
    def test_a_user_s_field_of_the_same_name_stays(self, corpus: Corpus, asked: dict[str, Any]) -> None:
        before = corpus.plain(size=ALL, **asked)
        if before.status != 200:
            pytest.skip(f"this distribution refuses it without Lastly too: {before.body}")
        corpus.configure(fields=["body", "group"])
        after = corpus.search(size=ALL, **asked)
        assert by_id(after.body["hits"]["hits"]) == by_id(before.body["hits"]["hits"])

    @pytest.mark.parametrize("asked", [None, ["comments.by"], ["comments.*"], ["comments.text"]])
    def test_the_text_of_a_nested_object_is_read_and_taken_out(
        self, corpus: Corpus, other: Others, asked: list[str] | None
    ) -> None:
        comments = {"type": "nested", "properties": {"text": {"type": "text"}, "by": {"type": "keyword"}}}
        documents = [{"body": "apple", "comments": [{"text": "sweet", "by": "a"}, {"text": "sour", "by": "b"}]}]
        index = other(
            "with-nested", {"body": {"type": "text"}, "comments": comments}, documents, "body", "comments.text"
        )
        body: dict[str, Any] = {"fields": asked} if asked else {}
        before = search(corpus, index, ext={"lastly": {"enabled": False}}, **body).body["hits"]["hits"][0]
        after = search(corpus, index, **body).body["hits"]["hits"][0]
        assert corpus.sidecar.calls[0].body["documents"] == ["apple\nsweet\nsour"]
        assert after.get("fields") == before.get("fields")

    def test_an_index_without_source_is_searched_and_left_in_order(self, corpus: Corpus, other: Others) -> None:
        index = other(
            "without-source",
            {"body": {"type": "text"}},
            [{"body": "apple pie"}, {"body": "apple"}],
            "body",
            _source={"enabled": False},
        )
        answer = search(corpus, index)
        assert answer.status == 200, answer.body
        assert answer.ids == search(corpus, index, ext={"lastly": {"enabled": False}}).ids
        assert len(answer.ids) == 2
        assert corpus.sidecar.calls == []

    def test_documents_without_text_keep_their_order_and_say_so(self, corpus: Corpus) -> None:
        corpus.configure(fields=["nosuch"])
        answer = corpus.search()
        assert answer.ids == corpus.plain().ids
        assert "no_passage_text" in answer.warning
        assert corpus.sidecar.calls == []

    def test_point_in_time_paging_is_the_same_on_and_off(self, kind: Kind, corpus: Corpus, other: Others) -> None:
        other("not-enabled", {}, [])  # a point in time names no index, and is no search of them all
        opened = kind.open_point_in_time(corpus.engine, corpus.index)
        before = corpus.counts()["skipped"].get("point_in_time", 0)
        answer = corpus.engine.request("POST", "/_search", {**APPLE, "pit": {"id": opened}, "size": 20})
        assert answer.status == 200, answer.body
        assert answer.ids == corpus.plain(size=20).ids
        assert answer.warning == ""
        assert corpus.counts()["skipped"]["point_in_time"] == before + 1
        assert corpus.sidecar.calls == []

    def test_inner_searches_of_collapse_are_not_reranked(self, corpus: Corpus) -> None:
        collapse = {"field": "group", "inner_hits": {"name": "best", "size": 2}}
        before, after = corpus.plain(collapse=collapse), corpus.search(collapse=collapse)
        assert by_id(after.body["hits"]["hits"]) == by_id(before.body["hits"]["hits"])
        assert corpus.sidecar.calls == []

    def test_a_data_stream_is_reranked(self, corpus: Corpus) -> None:
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
            off = search(corpus, "notes-a", ext={"lastly": {"enabled": False}})
            on = search(corpus, "notes-a")
            assert len(on.ids) == 5
            assert on.ids == off.ids[::-1]
        finally:
            request("DELETE", "/_data_stream/notes-a")
            request("DELETE", "/_index_template/notes")

    def test_a_rescored_window_is_reranked_and_nothing_is_lost(self, corpus: Corpus) -> None:
        rescore = {"window_size": 20, "query": {"rescore_query": {"match": {"title": "article"}}}}
        before, after = corpus.plain(rescore=rescore, size=ALL), corpus.search(rescore=rescore, size=ALL)
        assert sorted(after.ids) == sorted(before.ids)
        assert after.ids[:WINDOW] == before.ids[:WINDOW][::-1]

    def test_hits_below_a_least_score_stay_away(self, corpus: Corpus) -> None:
        least = corpus.plain(size=ALL).scores[29]
        answer = corpus.search(size=ALL, min_score=least)
        assert sorted(answer.ids) == sorted(corpus.plain(size=ALL, min_score=least).ids)
        assert len(answer.ids) < ALL

    def test_suggestions_explanations_and_hits_of_aggregations_are_kept(self, corpus: Corpus) -> None:
        asked: dict[str, Any] = {
            "suggest": {"s": {"text": "aple", "term": {"field": "body"}}},
            "explain": True,
            "aggs": {"groups": {"terms": {"field": "group"}, "aggs": {"best": {"top_hits": {"size": 2}}}}},
        }
        before, after = corpus.plain(size=ALL, **asked).body, corpus.search(size=ALL, **asked).body
        assert after["suggest"] == before["suggest"]
        assert after["aggregations"] == before["aggregations"]
        assert by_id(after["hits"]["hits"]) == by_id(before["hits"]["hits"])

    def test_hits_within_hits_and_suggestions_are_kept(self, corpus: Corpus, other: Others) -> None:
        comments = {"type": "nested", "properties": {"text": {"type": "text"}, "by": {"type": "keyword"}}}
        properties = {"body": {"type": "text"}, "comments": comments, "name": {"type": "completion"}}
        document = {"body": "apple", "name": "apple pie", "comments": [{"text": "sweet apple", "by": "a"}]}
        index = other("with-inner-hits", properties, [document], "body", "comments.text")
        match = {"match": {"comments.text": "apple"}}
        inner: list[dict[str, Any]] = [{"name": "plain"}, {"name": "own", "fields": ["comments.text", "comments.by"]}]
        nested = [{"nested": {"path": "comments", "query": match, "inner_hits": one}} for one in inner]
        asked: dict[str, Any] = {
            "query": {"bool": {"must": [MATCH], "should": nested}},
            "suggest": {"s": {"prefix": "app", "completion": {"field": "name"}}},
            "aggs": {
                "all": {"global": {}, "aggs": {"best": {"top_hits": {"fields": ["body"]}}}},
                "best": {"top_hits": {}},
            },
        }
        before = search(corpus, index, ext={"lastly": {"enabled": False}}, **asked).body
        after = search(corpus, index, **asked).body
        assert len(corpus.sidecar.calls) == 1
        assert after["suggest"] == before["suggest"]
        assert after["aggregations"] == before["aggregations"]
        assert by_id(after["hits"]["hits"]) == by_id(before["hits"]["hits"])

    def test_wildcards_and_a_missing_index_are_the_search_s_own_business(self, corpus: Corpus) -> None:
        assert search(corpus, f"{corpus.index[:4]}*").ids == corpus.search().ids
        assert search(corpus, "no-such-index").status == 404

    @pytest.mark.parametrize("roundtrips", ["true", "false"])
    def test_searches_across_clusters_are_left_alone_on_both_sides(
        self, corpus: Corpus, own_cluster_as_remote: str, roundtrips: str
    ) -> None:
        before = corpus.counts()["skipped"]
        there = f"{own_cluster_as_remote}:{corpus.index}"
        answer = search(corpus, f"{corpus.index},{there}", f"ccs_minimize_roundtrips={roundtrips}", size=2 * ALL)
        assert answer.status == 200, answer.body
        assert sorted(answer.ids) == sorted(corpus.plain(size=ALL).ids * 2)
        assert search(corpus, there, f"ccs_minimize_roundtrips={roundtrips}").ids == corpus.plain().ids
        assert corpus.sidecar.calls == []
        after = corpus.counts()["skipped"]
        assert after["cross_cluster"] == before.get("cross_cluster", 0) + 1
        if roundtrips == "true":  # the remote half is a search of its own there
            assert after["internal"] > before.get("internal", 0)
