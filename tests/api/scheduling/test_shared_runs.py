"""Calls that share a run, where a device gains from it: nobody's answer, failure or leaving touches the others.

The graph runs on the CPU, which takes batches too; only `Session.max_batch` says that it may.
"""

import asyncio
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lastly.errors import LastlyError, ModelOutputError, NotReadyError
from lastly.graph.opening import GraphOptions
from lastly.graph.session import Run, Session
from lastly.ranking.reranker import Reranker
from lastly.scheduling.admission import Limits
from lastly.scheduling.scheduler import Scheduler
from lastly.types import BlockEmbeddings, Encoding, Ranking
from tests.api.scheduling.calls import job, outcome, run, submit

NAMES = ("green tea ", "black tea ", "white tea ", "hot water ")


@pytest.fixture
def reranker(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> Reranker:
    monkeypatch.setattr(Session, "max_batch", 8)
    return Reranker.load(small_model, GraphOptions(threads=1))


async def behind_a_first_call(scheduler: Scheduler, reranker: Reranker, texts: Sequence[str]) -> list[Any]:
    """Hold the model's thread until a call is about to run and others wait, encoded; returns the others' outcomes."""
    gate = threading.Event()
    held = asyncio.create_task(scheduler.prepare(partial(gate.wait, 60)))
    first = asyncio.create_task(submit(scheduler, job(reranker, text="a longer text ")))
    while scheduler._running is None:
        await asyncio.sleep(0.001)
    others = [asyncio.create_task(outcome(scheduler, job(reranker, text=text))) for text in texts]
    while len(scheduler._queue) <= len(texts) or scheduler._encoding:
        await asyncio.sleep(0.001)
    gate.set()
    found = await asyncio.gather(*others)
    await asyncio.gather(first, held)
    return list(found)


def test_waiting_calls_share_one_run_and_get_the_scores_that_they_get_alone(reranker: Reranker) -> None:
    alone = [
        reranker.rank(each.query, each.candidates, each.truncation) for each in (job(reranker, text=n) for n in NAMES)
    ]

    async def together(scheduler: Scheduler) -> None:
        found = await behind_a_first_call(scheduler, reranker, NAMES)
        for one, other in zip(found, alone, strict=True):
            assert [ranked.index for ranked in one.results] == [ranked.index for ranked in other.results]
            assert [ranked.score for ranked in one.results] == pytest.approx(
                [ranked.score for ranked in other.results], abs=1e-5
            )

    metrics = run(together).registry
    assert metrics.get_sample_value("lastly_inference_seconds_count") == 2
    assert metrics.get_sample_value("lastly_batch_blocks_sum") == 1 + len(NAMES)


def test_the_token_budget_bounds_a_run(reranker: Reranker, monkeypatch: pytest.MonkeyPatch) -> None:
    original, sizes = reranker.session.run, []

    def counted(encodings: Sequence[Encoding], run: Run) -> list[BlockEmbeddings]:
        sizes.append(len(encodings))
        return original(encodings, run)

    monkeypatch.setattr(reranker.session, "run", counted)

    async def together(scheduler: Scheduler) -> None:
        await behind_a_first_call(scheduler, reranker, NAMES)

    length = max(len(block.input_ids) for name in NAMES for block in encoded(reranker, name))
    run(together, Limits(64, 1 << 20, batch_tokens=2 * length))
    assert sizes[:2] == [1, 2]
    assert max(sizes) == 2
    assert sum(sizes) == 1 + len(NAMES)


def encoded(reranker: Reranker, text: str) -> list[Encoding]:
    asked = job(reranker, text=text)
    return reranker.encode(asked.query, asked.candidates, asked.truncation)


def test_where_memory_does_not_last_for_all_only_the_block_that_is_too_much_alone_fails(
    reranker: Reranker, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, hopeless = reranker.session.run, encoded(reranker, NAMES[1])[0].input_ids

    def short_of_memory(encodings: Sequence[Encoding], run: Run) -> list[BlockEmbeddings]:
        if len(encodings) > 1 or np.array_equal(encodings[0].input_ids, hopeless):
            raise NotReadyError("out of memory")
        return original(encodings, run)

    monkeypatch.setattr(reranker.session, "run", short_of_memory)

    async def together(scheduler: Scheduler) -> None:
        found = await behind_a_first_call(scheduler, reranker, NAMES)
        assert [type(one) for one in found] == [Ranking, NotReadyError, Ranking, Ranking]

    run(together)


def test_an_answer_that_is_no_number_fails_its_own_call_only(
    reranker: Reranker, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, broken = reranker.session.run, encoded(reranker, NAMES[2])[0].input_ids

    def overflowing(encodings: Sequence[Encoding], run: Run) -> list[BlockEmbeddings]:
        found = original(encodings, run)
        for encoding, embedded in zip(encodings, found, strict=True):
            if np.array_equal(encoding.input_ids, broken):
                embedded.documents[:] = np.nan
        return found

    monkeypatch.setattr(reranker.session, "run", overflowing)

    async def together(scheduler: Scheduler) -> None:
        found = await behind_a_first_call(scheduler, reranker, NAMES)
        assert [type(one) for one in found] == [Ranking, Ranking, ModelOutputError, Ranking]

    run(together)


def test_a_shared_run_goes_on_for_those_who_stay_and_stops_with_the_last(reranker: Reranker) -> None:
    long = "a much longer text " * 20

    async def leave(scheduler: Scheduler) -> None:
        first = asyncio.create_task(outcome(scheduler, job(reranker, 60, text=long)))
        while scheduler._running is None:
            await asyncio.sleep(0.001)
        callers = [asyncio.create_task(submit(scheduler, job(reranker, 40, text=long))) for _ in range(2)]
        await first
        assert scheduler._running is not None
        shared = scheduler._running.run
        callers[0].cancel()
        await asyncio.gather(callers[0], return_exceptions=True)
        assert not shared.stopped
        callers[1].cancel()
        await asyncio.gather(callers[1], return_exceptions=True)
        assert shared.stopped
        assert not isinstance(await outcome(scheduler, job(reranker)), LastlyError)

    run(leave)
