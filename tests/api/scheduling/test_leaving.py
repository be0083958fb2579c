"""What nobody waits for any more is not run, and what runs for nobody is stopped."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from lastly.errors import (
    DeadlineExceededError,
    NotReadyError,
)
from lastly.graph.session import Run
from lastly.ranking.reranker import Reranker
from lastly.scheduling.scheduler import Scheduler
from lastly.types import BlockEmbeddings, Encoding, Query, Truncation
from tests.api.scheduling.calls import LARGE, SMALL, job, run, submit


def test_a_caller_that_hung_up_costs_nothing(reranker: Reranker) -> None:
    async def leave(scheduler: Scheduler) -> None:
        running = asyncio.create_task(submit(scheduler, job(reranker, LARGE)))
        gone = [asyncio.create_task(submit(scheduler, job(reranker, 50))) for _ in range(10)]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        await running
        await submit(scheduler, job(reranker))

    metrics = run(leave)
    runs = metrics.registry.get_sample_value("lastly_inference_seconds_count")
    large_blocks = len(reranker.encode(Query("tea"), job(reranker, LARGE).candidates, Truncation(64, 32)))
    assert runs == large_blocks + 1


def test_a_run_that_nobody_waits_for_any_more_is_stopped(reranker: Reranker) -> None:
    async def leave(scheduler: Scheduler) -> None:
        long = job(reranker, 60, text="a much longer text " * 20)
        running = asyncio.create_task(submit(scheduler, long))
        while scheduler._running is None:
            await asyncio.sleep(0.001)
        run = scheduler._running.run
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert run.stopped
        assert len((await submit(scheduler, job(reranker))).results) == SMALL

    assert run(leave).registry.get_sample_value("lastly_inference_seconds_count") == 1


def test_time_that_ends_within_a_run_is_answered_at_once_and_the_run_is_stopped(
    reranker: Reranker, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, runs = reranker.session.run, list[Run]()

    def long(encodings: Sequence[Encoding], run: Run) -> list[BlockEmbeddings]:
        """Begin the real run only once it is told to stop: as long as a run can be."""
        runs.append(run)
        end = time.monotonic() + 60
        while not run.stopped and time.monotonic() < end:
            time.sleep(0.005)
        return original(encodings, run)

    monkeypatch.setattr(reranker.session, "run", long)

    async def wait(scheduler: Scheduler) -> None:
        started = time.monotonic()
        with pytest.raises(DeadlineExceededError, match="time is over"):
            await submit(scheduler, job(reranker, seconds=0.5))
        assert time.monotonic() - started < 5
        assert [run.stopped for run in runs] == [True]
        monkeypatch.undo()
        assert len((await submit(scheduler, job(reranker))).results) == SMALL

    run(wait)


def test_a_caller_who_leaves_while_its_texts_are_encoded_never_runs(reranker: Reranker) -> None:
    async def leave(scheduler: Scheduler) -> None:
        gone = asyncio.create_task(submit(scheduler, job(reranker, LARGE, text="a much longer text " * 20)))
        while not scheduler._encoding:
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        await submit(scheduler, job(reranker))

    assert run(leave).registry.get_sample_value("lastly_inference_seconds_count") == 1


def test_calls_inside_are_failed_when_the_process_must_end(reranker: Reranker) -> None:
    async def stop(scheduler: Scheduler) -> None:
        inside = [asyncio.create_task(submit(scheduler, job(reranker, LARGE))) for _ in range(3)]
        while scheduler._running is None:
            await asyncio.sleep(0.001)
        scheduler.fail_all()
        failed = await asyncio.gather(*inside, return_exceptions=True)
        assert all(isinstance(error, NotReadyError) for error in failed)

    run(stop)
