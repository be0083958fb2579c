"""Calls of a scheduler over a real model, in an event loop of each test's own."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import numpy as np

from lastly.errors import (
    LastlyError,
)
from lastly.ranking.reranker import Reranker
from lastly.scheduling.admission import Limits
from lastly.scheduling.jobs import Job
from lastly.scheduling.metrics import Metrics
from lastly.scheduling.scheduler import Scheduler
from lastly.types import Candidate, Query, Ranking, Truncation

SMALL, LARGE = 2, 400  # documents; the large call makes four blocks


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
