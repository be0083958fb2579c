"""What a widened search must not change, in ways that only OpenSearch has."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines.engine import Answer, Corpus
from tests.engines.promises import WINDOW, by_id, eventually

MATCH = {"match": {"body": "apple"}}


@pytest.fixture
def other(corpus: Corpus) -> Iterator[Any]:
    """Make indices that are removed again."""
    made: list[str] = []

    def make(name: str, mappings: dict[str, Any], documents: list[dict[str, Any]], **settings: Any) -> str:
        corpus.engine.request("DELETE", f"/{name}")
        body = {"settings": {"index.number_of_replicas": 0, **settings}, "mappings": mappings}
        answer = corpus.engine.request("PUT", f"/{name}", body)
        assert answer.status == 200, answer.body
        made.append(name)
        lines = [line for document in documents for line in ({"index": {"_index": name}}, document)]
        corpus.engine.request("POST", "/_bulk?refresh=true", lines)
        return name

    yield make
    for name in made:
        corpus.engine.request("DELETE", f"/{name}")


def search(corpus: Corpus, index: str, parameters: str = "", **body: Any) -> Answer:
    return corpus.engine.request("POST", f"/{index}/_search?{parameters}", {"query": MATCH, **body})


def test_a_named_pipeline_is_not_lost(corpus: Corpus) -> None:
    answer = search(corpus, corpus.index, "search_pipeline=nosuch")
    assert answer.status == 400
    assert "nosuch" in str(answer.body)


def test_an_index_without_source_is_searched_and_left_alone(corpus: Corpus, other: Any) -> None:
    mappings = {"_source": {"enabled": False}, "properties": {"body": {"type": "text"}}}
    enabled = {"index.lastly.enabled": True, "index.lastly.fields": ["body"]}
    index = other("without-source", mappings, [{"body": "apple pie"}], **enabled)
    before = corpus.counts()["skipped"].get("source_disabled", 0)
    answer = search(corpus, index)
    assert len(answer.ids) == 1
    assert corpus.counts()["skipped"]["source_disabled"] == before + 1
    assert corpus.sidecar.calls == []


@pytest.mark.parametrize(
    "asked",
    [
        {"docvalue_fields": ["group"]},
        {"collapse": {"field": "group"}},
        {"stored_fields": ["group", "_source"]},
        {"script_fields": {"group": {"script": {"source": "doc['number'].value + 1", "lang": "expression"}}}},
    ],
)
def test_a_user_s_field_of_the_same_name_stays(corpus: Corpus, asked: dict[str, Any]) -> None:
    before = corpus.plain(size=120, **asked)
    if before.status != 200:
        pytest.skip(f"this distribution refuses it without Lastly too: {before.body}")
    corpus.configure(fields=["body", "group"])
    after = corpus.search(size=120, **asked)
    assert by_id(after.body["hits"]["hits"]) == by_id(before.body["hits"]["hits"])


def test_the_text_of_a_nested_object_is_read_and_taken_out(corpus: Corpus, other: Any) -> None:
    comments = {"type": "nested", "properties": {"text": {"type": "text"}, "by": {"type": "keyword"}}}
    mappings = {"properties": {"body": {"type": "text"}, "comments": comments}}
    documents = [{"body": "apple", "comments": [{"text": "sweet", "by": "a"}, {"text": "sour", "by": "b"}]}]
    enabled = {"index.lastly.enabled": True, "index.lastly.fields": ["body", "comments.text"]}
    index = other("with-nested", mappings, documents, **enabled)
    answer = search(corpus, index)
    assert corpus.sidecar.calls[0].body["documents"] == ["apple\nsweet\nsour"]
    assert "fields" not in answer.body["hits"]["hits"][0]


def test_a_point_in_time_is_left_alone_without_a_warning(corpus: Corpus, other: Any) -> None:
    other("not-enabled", {}, [])
    opened = corpus.engine.request("POST", f"/{corpus.index}/_search/point_in_time?keep_alive=1m")
    assert opened.status == 200, opened.body
    before = corpus.counts()["skipped"].get("point_in_time", 0)
    answer = corpus.engine.request("POST", "/_search", {"query": MATCH, "pit": {"id": opened.body["pit_id"]}})
    assert answer.status == 200, answer.body
    assert answer.warning == ""
    assert corpus.counts()["skipped"]["point_in_time"] == before + 1
    corpus.engine.request("DELETE", "/_search/point_in_time", {"pit_id": [opened.body["pit_id"]]})


def test_documents_without_text_keep_their_order_and_say_so(corpus: Corpus) -> None:
    corpus.configure(fields=["nosuch"])
    answer = corpus.search()
    assert answer.ids == corpus.plain().ids
    assert "no_passage_text" in answer.warning
    assert corpus.sidecar.calls == []


def test_a_cancelled_search_ends_its_call(corpus: Corpus) -> None:
    corpus.sidecar.delay_s = 4
    answers: list[Answer] = []
    searching = threading.Thread(target=lambda: answers.append(corpus.search()))
    started = time.monotonic()
    searching.start()
    assert eventually(lambda: len(corpus.sidecar.calls) == 1)
    tasks = corpus.engine.request("GET", "/_tasks?actions=*lastly*&detailed").body["nodes"]
    assert any(node["tasks"] for node in tasks.values())
    cancelled = corpus.engine.request("POST", "/_tasks/_cancel?actions=indices:data/read/search")
    assert cancelled.status == 200
    searching.join(20)
    assert time.monotonic() - started < 3.5
    assert "cancelled" in str(answers[0].body)
    assert corpus.counts()["in_flight"] == 0
    assert eventually(lambda: not corpus.engine.request("GET", "/_tasks?actions=*lastly*").body["nodes"])


@pytest.fixture
def pipeline(corpus: Corpus) -> Iterator[str]:
    processor = {"lastly_rerank": {"fields": ["title", "body"], "timeout": "5s"}}
    body = {"request_processors": [processor], "response_processors": [{"lastly_rerank": {}}]}
    answer = corpus.engine.request("PUT", "/_search/pipeline/reranked", body)
    assert answer.status == 200, answer.body
    yield "reranked"
    corpus.engine.request("DELETE", "/_search/pipeline/reranked")


def test_a_pipeline_reranks_an_index_that_is_not_enabled(corpus: Corpus, pipeline: str) -> None:
    expected = corpus.search(size=120).ids
    corpus.configure(enabled=False)
    calls = len(corpus.sidecar.calls)
    pages = [
        search(corpus, corpus.index, f"search_pipeline={pipeline}", size=20, **{"from": at}) for at in range(0, 120, 20)
    ]
    assert [hit for page in pages for hit in page.ids] == expected
    assert len(corpus.sidecar.calls) == calls + -(-WINDOW // 20)


def test_a_pipeline_and_the_index_settings_do_not_rerank_twice(corpus: Corpus, pipeline: str) -> None:
    answer = search(corpus, corpus.index, f"search_pipeline={pipeline}")
    assert answer.ids == corpus.search().ids
    assert len(corpus.sidecar.calls) == 2


@pytest.mark.parametrize("wrong", [{}, {"fields": ["body"], "window_size": 0}, {"fields": ["body"], "windw": 3}])
def test_a_wrong_processor_is_refused_when_the_pipeline_is_stored(corpus: Corpus, wrong: dict[str, Any]) -> None:
    answer = corpus.engine.request("PUT", "/_search/pipeline/wrong", {"request_processors": [{"lastly_rerank": wrong}]})
    assert answer.status == 400
