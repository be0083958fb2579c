"""The sidecar at twice its capacity, for a bounded time; `make load` runs twice for a minute, with a soak."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kit.callers.overload import Outcome, Plan, run_overload
from tests.kit.models.small import exported
from tests.kit.sidecars.process import sidecar

SECONDS = 12.0
# The callers share two cores with the sidecar, and perhaps with builds and engines: they see an answer later than it is
# sent. `make load`, on a machine of its own, holds both to the real targets.
BUSY_S = 0.25


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    model = exported(tmp_path_factory.mktemp("small"))
    # One thread for the model leaves one of two cores for the callers and the door.
    # The loop runs in a thread of its own: a browser that an earlier test opened keeps one in this thread.
    with (
        sidecar("--model", str(model), "--threads", "1", "--log-level", "warning") as running,
        ThreadPoolExecutor(1) as thread,
    ):
        load = run_overload(running.address, SECONDS, Plan(documents=5, factor=2.0))
        return thread.submit(asyncio.run, load).result(timeout=10 * SECONDS)[2]


def test_what_is_not_answered_is_refused_cleanly(outcome: Outcome) -> None:
    assert outcome.broken == []
    assert set(outcome.seconds) <= {200, 429, 504}
    assert len(outcome.seconds[200]) > 10
    assert len(outcome.seconds[429]) > 10


def test_refusals_are_quick(outcome: Outcome) -> None:
    assert outcome.percentile(429, 0.99) < 1000 * BUSY_S


def test_what_is_answered_is_answered_in_time_and_few_accepted_calls_end_in_504(outcome: Outcome) -> None:
    assert [seconds for seconds in outcome.late if seconds > BUSY_S] == []
    assert len(outcome.seconds.get(504, [])) <= 0.25 * len(outcome.seconds[200])
