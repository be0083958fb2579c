"""Many callers who together start more calls a second than the sidecar can answer."""

import asyncio
import random
import ssl
import time
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from tests.kit.callers.calls import body


@dataclass
class Outcome:
    """What callers saw: seconds by status, and how many seconds accepted calls were over their deadline."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add(self, status: int, seconds: float) -> None:
        """Take in one answer."""
        self.seconds.setdefault(status, []).append(seconds)

    def percentile(self, status: int, share: float) -> float:
        """Return the milliseconds that `share` of a status's answers stayed under; 0 where there were none."""
        found = sorted(self.seconds.get(status, []))
        return found[min(len(found) - 1, int(share * len(found)))] * 1000 if found else 0.0

    def count(self, status: int) -> int:
        """Count the answers of a status."""
        return len(self.seconds.get(status, []))


@dataclass(frozen=True)
class Plan:
    """How hard and how long."""

    callers: int = 64
    documents: int = 10
    deadline_ms: int = 0
    factor: float = 2.0


async def capacity(client: httpx.AsyncClient, documents: int, seconds: float) -> float:
    """Measure the calls a second that four callers at a time get answered: with fewer the model waits in between."""
    rng, done, end = random.Random(1), 0, time.monotonic() + seconds

    async def caller() -> None:
        nonlocal done
        while time.monotonic() < end:
            answer = await client.post("/v1/rerank", json=body(rng, documents))
            done += answer.status_code == 200  # after the wait: other callers count meanwhile

    started = time.monotonic()
    await asyncio.gather(*(caller() for _ in range(4)))
    return done / (time.monotonic() - started)


async def overload(address: str, rate: float, seconds: float, plan: Plan) -> Outcome:
    """Let `plan.callers` callers together start `rate` calls a second; each waits for its own answer first."""
    outcome, end = Outcome(), time.monotonic() + seconds

    async def caller(number: int) -> None:
        rng, pause = random.Random(number), plan.callers / rate
        await asyncio.sleep(rng.random() * pause)
        # A connection each: for one in a shared pool a call waits seconds before it is sent.
        async with httpx.AsyncClient(base_url=address, timeout=60, verify=trust) as client:
            while time.monotonic() < end:
                started = time.monotonic()
                await call(client, body(rng, plan.documents), plan.deadline_ms, outcome)
                await asyncio.sleep(max(0.0, started + pause * rng.uniform(0.5, 1.5) - time.monotonic()))

    trust = ssl.create_default_context()  # takes longer to make than a call
    await asyncio.gather(*(caller(number) for number in range(plan.callers)))
    return outcome


async def call(client: httpx.AsyncClient, asked: dict[str, Any], deadline_ms: int, outcome: Outcome) -> None:
    """Make one call and note how it ended."""
    started = time.monotonic()
    try:
        answer = await client.post("/v1/rerank", json=asked, headers={"X-Request-Timeout-Ms": str(deadline_ms)})
    except httpx.HTTPError as error:
        outcome.broken.append(type(error).__name__)
        return
    seconds = time.monotonic() - started
    outcome.add(answer.status_code, seconds)
    if answer.status_code == 200 and seconds > deadline_ms / 1000 + 0.05:
        outcome.late.append(seconds - deadline_ms / 1000)
    if answer.status_code == 429 and "Retry-After" not in answer.headers:
        outcome.broken.append("429 without Retry-After")


async def run_overload(address: str, seconds: float, plan: Plan) -> tuple[float, Plan, Outcome]:
    """Measure the capacity, then run at `plan.factor` times of it, within the deadline of the plan that comes back."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        found = await capacity(client, plan.documents, max(3.0, seconds / 6))
    # Without a deadline of its own the plan gives a call the time of ten at the capacity, so that a slow machine is
    # measured by its own pace.
    plan = replace(plan, deadline_ms=plan.deadline_ms or max(500, round(10_000 / found)))
    return found, plan, await overload(address, plan.factor * found, seconds, plan)
