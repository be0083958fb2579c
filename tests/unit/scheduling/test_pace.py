"""How fast a model is, learnt from its runs."""

import time

import pytest

from lastly.scheduling.pace import Pace


def test_a_model_too_slow_for_its_callers_is_learnt_from_runs_that_were_stopped() -> None:
    pace = Pace()
    pace.learn(1000, 0.1)
    for _ in range(30):
        pace.learn_stopped(1000, 1.0)
    assert 1.5 < pace.seconds(1000) < 2.1
    pace.learn_stopped(1000, 0.01)
    assert pace.seconds(1000) > 1.5


def test_an_estimate_that_refuses_heals() -> None:
    pace = Pace()
    pace.learn(1000, 100.0)
    for _ in range(60):
        pace.lower()
    assert pace.seconds(1000) < 1.0
    assert pace.seconds(500) < 0.5


def test_no_estimate_falls_below_what_was_seen() -> None:
    pace = learnt()
    for _ in range(150):
        pace.lower()
    assert pace.seconds(1000) == pytest.approx(0.1)
    assert pace.normal(1000) == pytest.approx(0.1)


def test_where_nothing_ran_for_long_calls_may_doubt_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that was busy when it started would otherwise refuse every call for good."""
    pace, now = learnt(), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3600)
    assert pace.normal(1000) == pytest.approx(0.01)
    for _ in range(150):
        pace.lower()
    assert pace.seconds(1000) == pytest.approx(0.01)


def learnt() -> Pace:
    pace = Pace()
    for seconds in (0.3, 0.1, 0.2):
        pace.learn(1000, seconds)
    return pace
