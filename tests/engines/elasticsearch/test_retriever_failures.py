"""The retriever `lastly_rerank` where its sidecar, its child or its caller fails, and what it refuses."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.engines.elasticsearch.retrieving import APPLE, reranked
from tests.kit.engines.corpus import WINDOW
from tests.kit.engines.engine import Answer, Corpus
from tests.kit.engines.references import check_released
from tests.kit.nodes.elasticsearch import ElasticsearchNode
from tests.kit.waiting import eventually


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
