"""Who runs when, and that company changes no score."""

import asyncio
import time

import pytest

from lastly.errors import (
    RequestTooLargeError,
)
from lastly.ranking.reranker import Reranker
from lastly.scheduling.jobs import Job
from lastly.scheduling.scheduler import Scheduler
from lastly.types import Candidate, Query, Ranking, Truncation
from tests.api.scheduling.calls import LARGE, SMALL, job, learn, outcome, run, same, submit


def test_scores_are_bit_identical_in_any_company(reranker: Reranker) -> None:
    asked = [job(reranker, documents, text=f"text {documents} ") for documents in (1, 2, 3, 30, 200, 300)]
    alone = [reranker.rank(each.query, each.candidates, each.truncation) for each in asked]

    async def together(scheduler: Scheduler) -> None:
        for _ in range(3):
            rankings = await asyncio.gather(*(submit(scheduler, each) for each in asked))
            assert all(same(one, other) for one, other in zip(rankings, alone, strict=True))

    run(together)


def test_small_calls_pass_between_the_blocks_of_a_large_one(reranker: Reranker) -> None:
    ended: list[str] = []

    async def ask(scheduler: Scheduler, name: str, documents: int) -> None:
        await submit(scheduler, job(reranker, documents))
        ended.append(name)

    async def both(scheduler: Scheduler) -> None:
        await learn(scheduler, reranker)
        large = asyncio.create_task(ask(scheduler, "large", LARGE))
        while scheduler._running is None:
            await asyncio.sleep(0.001)
        await ask(scheduler, "small", SMALL)
        await large

    run(both)
    assert ended == ["small", "large"]


def test_a_large_call_is_not_starved_by_a_stream_of_small_ones(reranker: Reranker) -> None:
    async def stream(scheduler: Scheduler) -> None:
        await learn(scheduler, reranker)
        large = asyncio.create_task(submit(scheduler, job(reranker, LARGE)))
        small = 0
        while not large.done():
            await asyncio.gather(*(submit(scheduler, job(reranker)) for _ in range(8)))
            small += 8
        assert small < 4000
        assert len((await large).results) == LARGE

    run(stream)


def test_texts_that_cannot_be_encoded_fail_their_own_call_only(reranker: Reranker) -> None:
    async def both(scheduler: Scheduler) -> None:
        long = [Candidate(0, "tea " * 100)]
        strict = Job(reranker, Query("tea"), long, Truncation(8, 32, refuse=True), 0.0, time.monotonic() + 60)
        refused, answered = await asyncio.gather(outcome(scheduler, strict), outcome(scheduler, job(reranker)))
        assert isinstance(refused, RequestTooLargeError)
        assert isinstance(answered, Ranking)

    run(both)


def test_a_failing_run_fails_its_own_call_only(reranker: Reranker, monkeypatch: pytest.MonkeyPatch) -> None:
    original = reranker.session.run
    calls = iter([True, False])

    def fail_once(encodings: object, run: object) -> object:
        if next(calls, False):
            raise RuntimeError("the device is gone")
        return original(encodings, run)  # type: ignore[arg-type]

    monkeypatch.setattr(reranker.session, "run", fail_once)

    async def fail(scheduler: Scheduler) -> None:
        with pytest.raises(RuntimeError):
            await submit(scheduler, job(reranker))
        assert len((await submit(scheduler, job(reranker))).results) == SMALL

    run(fail)
