"""One call's texts hold up no other's, and are given up with their call."""

import asyncio
import statistics
import time

import pytest

from lastly.errors import DeadlineExceededError
from lastly.ranking.reranker import Reranker
from lastly.scheduling.admission import Limits
from lastly.scheduling.jobs import Job
from lastly.scheduling.scheduler import Scheduler
from lastly.types import Candidate, Query, Truncation
from tests.api.scheduling.calls import job, run, submit

BUSY_S = 0.2  # on a quiet machine it is under 0.03


def huge(reranker: Reranker, seconds: float = 60.0) -> Job:
    """A call whose texts take seconds to encode: thousands of words in each, of which excerpts are chosen."""
    texts = [Candidate(index, f"b{index} " * 100_000) for index in range(60)]
    query = Query(" ".join(f"b{index}" for index in range(60)))
    cut = Truncation(100_000, 100_000, long_documents="excerpt")
    return Job(reranker, query, texts, cut, 0.5, time.monotonic() + seconds)


async def encoding(scheduler: Scheduler) -> None:
    while scheduler._encoding is None:
        await asyncio.sleep(0.001)


async def idle(scheduler: Scheduler) -> float:
    started = time.monotonic()
    while scheduler._encoding is not None:
        await asyncio.sleep(0.001)
    return time.monotonic() - started


def test_one_call_s_texts_hold_up_no_other_s(reranker: Reranker) -> None:
    async def both(scheduler: Scheduler) -> None:
        large = [asyncio.create_task(submit(scheduler, huge(reranker))) for _ in range(3)]
        await encoding(scheduler)
        delays = []
        for _ in range(15):
            asked = time.time()
            _, stages = await scheduler.submit(job(reranker))
            delays.append(next(stage.end for stage in stages if stage.name == "tokenize") - asked)
        assert not any(task.done() for task in large)
        assert statistics.median(delays) < BUSY_S
        for task in large:
            task.cancel()
        await asyncio.gather(*large, return_exceptions=True)
        assert await idle(scheduler) < 5

    run(both, Limits(64, 1 << 26))


def test_texts_of_a_call_whose_time_is_over_are_encoded_no_further(reranker: Reranker) -> None:
    async def late(scheduler: Scheduler) -> None:
        with pytest.raises(DeadlineExceededError):
            await submit(scheduler, huge(reranker, seconds=0.3))
        assert await idle(scheduler) < 5

    run(late, Limits(64, 1 << 26))


def test_a_turn_that_does_not_end_shows(reranker: Reranker, monkeypatch: pytest.MonkeyPatch) -> None:
    original = reranker.encode_in_steps

    def slow(*arguments: object) -> object:
        time.sleep(0.5)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(reranker, "encode_in_steps", slow)

    async def watch(scheduler: Scheduler) -> None:
        assert scheduler.stalled_s() == 0
        asked = asyncio.create_task(submit(scheduler, job(reranker)))
        await encoding(scheduler)
        await asyncio.sleep(0.2)
        assert 0.1 < scheduler.stalled_s() < 10
        await asked
        assert scheduler.stalled_s() == 0

    run(watch)
