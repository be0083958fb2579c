"""What a widened search must not change, in ways that only OpenSearch has."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines.engine import Answer, Corpus
from tests.engines.left_as_asked import LeftAsAsked, Others, search
from tests.engines.promises import WINDOW, eventually


def test_a_named_pipeline_is_not_lost(corpus: Corpus) -> None:
    answer = search(corpus, corpus.index, "search_pipeline=nosuch")
    assert answer.status == 400
    assert "nosuch" in str(answer.body)


class TestLeftAsAsked(LeftAsAsked):
    """What both engines must not change."""


def test_an_index_without_source_is_left_alone_and_counted(corpus: Corpus, other: Others) -> None:
    body = {"body": {"type": "text"}}
    index = other("without-source", body, [{"body": "apple pie"}], "body", _source={"enabled": False})
    before = corpus.counts()["skipped"].get("source_disabled", 0)
    answer = search(corpus, index)
    assert len(answer.ids) == 1
    assert corpus.counts()["skipped"]["source_disabled"] == before + 1
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
