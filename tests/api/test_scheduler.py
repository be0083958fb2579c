"""Who runs when: the real scheduler over a real model, in an event loop of each test's own."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lastly.errors import (
    BrownOutError,
    DeadlineExceededError,
    LastlyError,
    NotReadyError,
    OverloadedError,
    RequestTooLargeError,
)
from lastly.graph.opening import GraphOptions
from lastly.graph.session import Run
from lastly.ranking.reranker import Reranker
from lastly.scheduling.admission import Limits
from lastly.scheduling.jobs import Job
from lastly.scheduling.metrics import Metrics
from lastly.scheduling.pace import Pace
from lastly.scheduling.scheduler import Scheduler
from lastly.types import BlockEmbeddings, Candidate, Encoding, Query, Ranking, Truncation

SMALL, LARGE = 2, 400  # documents; the large call makes four blocks


@pytest.fixture(scope="module")
def reranker(small_model: Path) -> Reranker:
    return Reranker.load(small_model, GraphOptions(threads=1))


def job(reranker: Reranker, documents: int = SMALL, seconds: float = 60.0, text: str = "green tea ") -> Job:
    texts = [Candidate(index, f"{text * 3}{index}") for index in range(documents)]
    return Job(reranker, Query("tea"), texts, Truncation(64, 32), 0.0, time.monotonic() + seconds)


def run(test: Callable[[Scheduler], Awaitable[None]], limits: Limits | None = None) -> Metrics:
    metrics = Metrics()

    async def main() -> None:
        scheduler = Scheduler(limits or Limits(64, 1 << 20), metrics)
        try:
            async with asyncio.timeout(120):
                await test(scheduler)
        finally:
            scheduler.close()

    asyncio.run(main())
    return metrics


async def submit(scheduler: Scheduler, asked: Job) -> Ranking:
    return (await scheduler.submit(asked))[0]


async def outcome(scheduler: Scheduler, asked: Job) -> Ranking | LastlyError:
    try:
        return await submit(scheduler, asked)
    except LastlyError as error:
        return error


async def learn(scheduler: Scheduler, reranker: Reranker) -> None:
    """Let the scheduler see runs of both sizes."""
    for documents in (SMALL, LARGE, LARGE):
        await submit(scheduler, job(reranker, documents))


def same(one: Ranking, other: Ranking) -> bool:
    return [(r.index, r.score) for r in one.results] == [(r.index, r.score) for r in other.results] and all(
        np.array_equal(a.embedding, b.embedding) for a, b in zip(one.results, other.results, strict=True)
    )


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
    original = reranker.encode

    def slow(*arguments: Any) -> list[Encoding]:
        time.sleep(0.1)
        return original(*arguments)

    monkeypatch.setattr(reranker, "encode", slow)

    async def crowd(scheduler: Scheduler) -> None:
        for _ in range(3):
            await submit(scheduler, job(reranker))
        results = await asyncio.gather(*(outcome(scheduler, job(reranker, seconds=1.5)) for _ in range(40)))
        kinds = Counter(type(result) for result in results)
        assert set(kinds) == {Ranking, OverloadedError}
        assert 3 <= kinds[Ranking] <= 15

    run(crowd)


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


def test_texts_that_cannot_be_encoded_fail_their_own_call_only(reranker: Reranker) -> None:
    async def both(scheduler: Scheduler) -> None:
        long = [Candidate(0, "tea " * 100)]
        strict = Job(reranker, Query("tea"), long, Truncation(8, 32, refuse=True), 0.0, time.monotonic() + 60)
        refused, answered = await asyncio.gather(outcome(scheduler, strict), outcome(scheduler, job(reranker)))
        assert isinstance(refused, RequestTooLargeError)
        assert isinstance(answered, Ranking)

    run(both)


def test_a_caller_who_leaves_while_its_texts_are_encoded_never_runs(reranker: Reranker) -> None:
    async def leave(scheduler: Scheduler) -> None:
        gone = asyncio.create_task(submit(scheduler, job(reranker, LARGE, text="a much longer text " * 20)))
        while not scheduler._encoding:
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        await submit(scheduler, job(reranker))

    assert run(leave).registry.get_sample_value("lastly_inference_seconds_count") == 1


def test_a_model_too_slow_for_its_callers_is_learnt_from_runs_that_were_stopped() -> None:
    pace = Pace()
    pace.learn(1000, 0.1)
    for _ in range(30):
        pace.learn_stopped(1000, 1.0)
    assert 1.5 < pace.seconds(1000) < 2.1
    pace.learn_stopped(1000, 0.01)
    assert pace.seconds(1000) > 1.5


def test_calls_inside_are_failed_when_the_process_must_end(reranker: Reranker) -> None:
    async def stop(scheduler: Scheduler) -> None:
        inside = [asyncio.create_task(submit(scheduler, job(reranker, LARGE))) for _ in range(3)]
        while scheduler._running is None:
            await asyncio.sleep(0.001)
        scheduler.fail_all()
        failed = await asyncio.gather(*inside, return_exceptions=True)
        assert all(isinstance(error, NotReadyError) for error in failed)

    run(stop)


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


def test_an_estimate_that_refuses_heals() -> None:
    pace = Pace()
    pace.learn(1000, 100.0)
    for _ in range(60):
        pace.lower()
    assert pace.seconds(1000) < 1.0
    assert pace.seconds(500) < 0.5


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
