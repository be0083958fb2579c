"""What is refused before it runs: a full queue, too little time, a brown-out."""

import asyncio
import time
from collections import Counter
from typing import Any

import pytest

from lastly.errors import (
    BrownOutError,
    DeadlineExceededError,
    OverloadedError,
)
from lastly.ranking.reranker import Reranker
from lastly.ranking.steps import Steps
from lastly.scheduling.admission import Limits
from lastly.scheduling.scheduler import Scheduler
from lastly.types import Encoding, Ranking
from tests.api.scheduling.calls import LARGE, SMALL, job, learn, outcome, run, submit


def test_a_full_queue_refuses_at_once_and_says_when_to_come_back(reranker: Reranker) -> None:
    async def crowd(scheduler: Scheduler) -> None:
        waiting = [asyncio.create_task(submit(scheduler, job(reranker, LARGE))) for _ in range(2)]
        await asyncio.sleep(0)
        started = time.monotonic()
        with pytest.raises(OverloadedError, match="full") as refused:
            await submit(scheduler, job(reranker))
        assert time.monotonic() - started < 0.05
        assert refused.value.retry_after_s >= 1
        with pytest.raises(OverloadedError):
            scheduler.check_capacity()
        await asyncio.gather(*waiting)
        scheduler.check_capacity()

    run(crowd, Limits(requests=2, tokens=1 << 20))


def test_the_queue_s_tokens_are_bounded_but_one_call_always_fits(reranker: Reranker) -> None:
    async def crowd(scheduler: Scheduler) -> None:
        first = asyncio.create_task(submit(scheduler, job(reranker, LARGE)))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError, match="tokens"):
            await submit(scheduler, job(reranker))
        await first
        await submit(scheduler, job(reranker))

    run(crowd, Limits(requests=64, tokens=100))


def test_time_that_is_over_or_too_short_is_refused_before_anything_runs(reranker: Reranker) -> None:
    async def late(scheduler: Scheduler) -> None:
        with pytest.raises(DeadlineExceededError):
            await submit(scheduler, job(reranker, seconds=-1))
        await learn(scheduler, reranker)
        with pytest.raises(DeadlineExceededError, match="ms are needed"):
            await submit(scheduler, job(reranker, LARGE, seconds=0.001))

    run(late)


def test_time_that_ends_during_the_wait_is_a_504_and_nothing_runs_for_it(reranker: Reranker) -> None:
    """Nothing has run yet, so that no estimate can refuse it at the door."""

    async def wait(scheduler: Scheduler) -> None:
        large = asyncio.create_task(submit(scheduler, job(reranker, LARGE, text="much longer text ")))
        await asyncio.sleep(0)
        with pytest.raises(DeadlineExceededError, match="time is over"):
            await submit(scheduler, job(reranker, seconds=0.005))
        assert len((await large).results) == LARGE

    runs = run(wait).registry.get_sample_value("lastly_inference_seconds_count")
    large = job(reranker, LARGE, text="much longer text ")
    assert runs == len(reranker.encode(large.query, large.candidates, large.truncation))


def test_a_wait_longer_than_the_time_left_is_refused_at_the_door(reranker: Reranker) -> None:
    async def crowd(scheduler: Scheduler) -> None:
        await learn(scheduler, reranker)
        started = time.monotonic()
        await submit(scheduler, job(reranker, LARGE))
        alone = time.monotonic() - started
        asked = [outcome(scheduler, job(reranker, LARGE, seconds=2 * alone)) for _ in range(40)]
        results = await asyncio.gather(*asked)
        refused = [result for result in results if isinstance(result, OverloadedError)]
        assert len(refused) >= 10
        assert any(isinstance(result, Ranking) for result in results)

    run(crowd)


def test_the_time_of_an_encoder_that_calls_wait_for_is_part_of_the_estimate(
    reranker: Reranker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is on a device that runs faster than texts are encoded."""
    original = reranker.encode_in_steps

    def slow(*arguments: Any) -> Steps[list[Encoding]]:
        time.sleep(0.1)
        return (yield from original(*arguments))

    monkeypatch.setattr(reranker, "encode_in_steps", slow)

    async def crowd(scheduler: Scheduler) -> None:
        for _ in range(3):
            await submit(scheduler, job(reranker))
        results = await asyncio.gather(*(outcome(scheduler, job(reranker, seconds=1.5)) for _ in range(40)))
        kinds = Counter(type(result) for result in results)
        assert set(kinds) == {Ranking, OverloadedError}
        assert 3 <= kinds[Ranking] <= 15

    run(crowd)


def test_a_brown_out_sheds_large_calls_and_keeps_small_ones(reranker: Reranker) -> None:
    async def crowd(scheduler: Scheduler) -> None:
        await learn(scheduler, reranker)
        waiting = asyncio.create_task(submit(scheduler, job(reranker, LARGE)))
        await asyncio.sleep(0)
        with pytest.raises(BrownOutError):
            await submit(scheduler, job(reranker, LARGE))
        assert len((await submit(scheduler, job(reranker))).results) == SMALL
        await waiting

    run(crowd, Limits(64, 1 << 20, brownout_wait=0.001, brownout_tokens=1000))
