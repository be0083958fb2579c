"""How fast a model is, learnt from its runs."""

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
