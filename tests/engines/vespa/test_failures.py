"""Fail open: whatever the sidecar does, the first stage's answer comes, in time, and says what went wrong."""

import time

import pytest

from tests.engines.vespa.container import Container, Found
from tests.engines.vespa.lying_sidecar import LIES, LyingSidecar

QUESTION = "how do I read a file line by line?"


def assert_first_stage(answer: Found, vespa: Container, **parameters: object) -> None:
    first = vespa.search(QUESTION, **{**parameters, "lastly__enabled": False})
    assert answer.status == 200
    assert (answer.ids, answer.relevance) == (first.ids, first.relevance)
    assert "errors" not in answer.body["root"]
    assert answer.annotation["order"] == "first_stage"
    assert answer.annotation["failed"] in answer.headers["warning"]


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_sidecar_changes_nothing(vespa: Container, sidecar: LyingSidecar, lie: str) -> None:
    sidecar.answer = LIES[lie]
    assert_first_stage(vespa.search(QUESTION, hits=60), vespa, hits=60)


@pytest.mark.parametrize("status", [400, 401, 413, 429, 500, 503, 504])
def test_a_refusing_sidecar_changes_nothing(vespa: Container, sidecar: LyingSidecar, status: int) -> None:
    sidecar.status = status
    assert_first_stage(vespa.search(QUESTION), vespa)


def test_a_slow_sidecar_costs_no_more_than_the_timeout(vespa: Container, sidecar: LyingSidecar) -> None:
    sidecar.delay_s = 5
    answer = vespa.search(QUESTION, searchChain="hasty")
    assert answer.took_s < 1.0
    assert_first_stage(answer, vespa)


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


def test_fail_gives_a_clear_error_and_no_hits(vespa: Container, sidecar: LyingSidecar) -> None:
    sidecar.status = 500
    answer = vespa.search(QUESTION, searchChain="failing")
    assert answer.status >= 500
    assert answer.hits == []
    assert "sidecar" in answer.body["root"]["errors"][0]["message"]
    assert QUESTION not in str(answer.body)


def test_a_sidecar_that_comes_back_is_used_again(vespa: Container, sidecar: LyingSidecar) -> None:
    sidecar.status = 500
    for _ in range(12):
        assert_first_stage(vespa.search(QUESTION), vespa)
    sidecar.reset()
    deadline = time.monotonic() + 30
    while vespa.search(QUESTION).annotation:
        assert time.monotonic() < deadline, "the recovered sidecar is not used"
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("property_", "value"),
    [
        ("windw_size", "20"),
        ("window_size", "0"),
        ("window_size", "1001"),
        ("window_size", "many"),
        ("timeout", "1s"),
    ],
)
def test_a_wrong_property_is_refused_and_named(vespa: Container, property_: str, value: str) -> None:
    answer = vespa.search(QUESTION, **{f"lastly__{property_}": value})
    assert answer.status == 400
    assert property_ in answer.body["root"]["errors"][0]["message"]


def test_nothing_is_lost_in_the_log_or_answer_of_a_failure(vespa: Container, sidecar: LyingSidecar) -> None:
    """The user's text is neither in the annotation nor in the header."""
    sidecar.status = 500
    answer = vespa.search("a very secret question about files")
    assert "secret" not in str(answer.annotation) + str(answer.headers)
