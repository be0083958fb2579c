"""Fail open: whatever the sidecar does, the first stage's answer comes, in time, and says what went wrong."""

from tests.engines.vespa.container import Container, Found
from tests.engines.vespa.lying_sidecar import LyingSidecar

QUESTION = "how do I read a file line by line?"


def assert_first_stage(answer: Found, vespa: Container, **parameters: object) -> None:
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


def test_nothing_is_lost_in_the_log_or_answer_of_a_failure(vespa: Container, sidecar: LyingSidecar) -> None:
    """The user's text is neither in the annotation nor in the header."""
    sidecar.status = 500
    answer = vespa.search("a very secret question about files")
    assert "secret" not in str(answer.annotation) + str(answer.headers)
