"""Fail open: whatever the sidecar does, the first stage's answer comes, in time, and says what went wrong."""

import time
from typing import Any

from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.vespa.container import Container, Found
from tests.kit.waiting import eventually

QUESTION = "how do I read a file line by line?"


def assert_first_stage(answer: Found, vespa: Container, **parameters: Any) -> None:
    first = vespa.search(QUESTION, **{**parameters, "lastly__enabled": False})
    assert answer.status == 200
    assert (answer.ids, answer.relevance) == (first.ids, first.relevance)
    assert "errors" not in answer.body["root"]
    assert answer.annotation["order"] == "first_stage"
    assert answer.annotation["failed"] in answer.headers["warning"]


def test_a_slow_sidecar_leaves_time_to_answer_within_the_query_s_own(vespa: Container, sidecar: LyingSidecar) -> None:
    sidecar.delay_s = 5
    answer = vespa.search(QUESTION, timeout="1s")
    assert answer.took_s < 2.0
    assert_first_stage(answer, vespa)
    assert answer.hits[0]["fields"]["title"]


def test_the_sidecar_is_told_how_much_time_is_left(vespa: Container, sidecar: LyingSidecar) -> None:
    vespa.search(QUESTION, timeout="2s")
    assert 0 < int(sidecar.calls[0].headers["x-request-timeout-ms"]) < 2000


def test_a_missing_summary_class_is_a_failure_to_be_seen_not_an_error(vespa: Container) -> None:
    answer = vespa.search(QUESTION, searchChain="misfilled")
    assert_first_stage(answer, vespa)
    assert answer.annotation["failed"] == "fill"


def test_neither_log_nor_answer_of_a_failure_hold_the_user_s_text(vespa: Container, sidecar: LyingSidecar) -> None:
    sidecar.status = 500
    answer = vespa.search("a very secret question about files")
    assert answer.annotation
    assert "secret" not in str(answer.annotation) + str(answer.headers)
    assert "secret" not in vespa.log


def test_a_sidecar_that_is_five_seconds_late_slows_no_more_searches_than_the_breaker_allows(
    vespa: Container, sidecar: LyingSidecar
) -> None:
    sidecar.delay_s = 5
    started = time.monotonic()
    answers = [vespa.search(QUESTION, searchChain="hasty") for _ in range(40)]
    assert time.monotonic() - started < 40 * 0.3  # without the breaker each search waits its 300 ms
    assert "breaker_open" in {answer.annotation["failed"] for answer in answers}
    for answer in answers:
        assert_first_stage(answer, vespa)
    sidecar.delay_s = 0
    assert eventually(lambda: not vespa.search(QUESTION, searchChain="hasty").annotation)


def test_many_searches_with_little_time_leave_the_breaker_closed_for_others(
    vespa: Container, sidecar: LyingSidecar
) -> None:
    sidecar.delay_s = 3
    for _ in range(10):
        hurried = vespa.search(QUESTION, timeout="600ms")  # of which the chain keeps 300 ms for the page
        assert hurried.annotation["failed"] == "no_time_left"
    sidecar.delay_s = 0
    assert not vespa.search(QUESTION).annotation
