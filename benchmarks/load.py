"""`python -m benchmarks.load`: the sidecar under twice its capacity, then a soak for its memory; prints JSON."""

import argparse
import asyncio
import json
import random
import statistics
import time
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import psutil

from lastly.config import embedded_model
from tests.api.process import sidecar

_WORDS = [
    "green",
    "tea",
    "black",
    "water",
    "mountain",
    "city",
    "bicycle",
    "paper",
    "river",
    "stone",
    "music",
    "winter",
    "garden",
    "market",
]


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
        """Give the milliseconds that `share` of a status's answers stayed under; 0 where there were none."""
        found = sorted(self.seconds.get(status, []))
        return found[min(len(found) - 1, int(share * len(found)))] * 1000 if found else 0.0

    def summary(self, lasted: float) -> dict[str, Any]:
        """Give counts and milliseconds, and rates over the seconds that it lasted."""
        table = {
            str(status): {"calls": len(found)}
            | {f"p{p}_ms": round(self.percentile(status, p / 100), 1) for p in (50, 99)}
            for status, found in sorted(self.seconds.items())
        }
        worst = round(max(self.late, default=0.0) * 1000, 1)
        rates = {
            "offered_per_s": round(sum(map(len, self.seconds.values())) / lasted, 2),
            "answered_per_s": round(len(self.seconds.get(200, [])) / lasted, 2),
        }
        return {
            "statuses": table,
            **rates,
            "late_accepted": len(self.late),
            "worst_late_ms": worst,
            "broken": self.broken[:3],
        }


def body(rng: random.Random, documents: int) -> dict[str, Any]:
    """Make a call of random words."""
    texts = [" ".join(rng.choices(_WORDS, k=40)) for _ in range(documents)]
    return {"query": " ".join(rng.choices(_WORDS, k=4)), "documents": texts}


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


async def overload(client: httpx.AsyncClient, rate: float, seconds: float, plan: "Plan") -> Outcome:
    """Let `plan.callers` callers together start `rate` calls a second; each waits for its own answer first."""
    outcome, end = Outcome(), time.monotonic() + seconds

    async def caller(number: int) -> None:
        rng, pause = random.Random(number), plan.callers / rate
        await asyncio.sleep(rng.random() * pause)
        while time.monotonic() < end:
            started = time.monotonic()
            await call(client, body(rng, plan.documents), plan.deadline_ms, outcome)
            await asyncio.sleep(max(0.0, started + pause * rng.uniform(0.5, 1.5) - time.monotonic()))

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


@dataclass(frozen=True)
class Plan:
    """How hard and how long."""

    callers: int = 64
    documents: int = 10
    deadline_ms: int = 0
    factor: float = 2.0


async def run_overload(address: str, seconds: float, plan: Plan) -> tuple[float, Plan, Outcome]:
    """Measure the capacity, then run at `plan.factor` times of it, within the deadline of the plan that comes back."""
    limits = httpx.Limits(max_connections=plan.callers + 8)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        found = await capacity(client, plan.documents, max(3.0, seconds / 6))
        # Without a deadline of its own the plan gives a call the time of ten at the capacity, so that a slow machine
        # is measured by its own pace.
        plan = replace(plan, deadline_ms=plan.deadline_ms or max(500, round(10_000 / found)))
        return found, plan, await overload(client, plan.factor * found, seconds, plan)


async def soak(address: str, process: psutil.Process, seconds: float) -> dict[str, float]:
    """Let four callers make calls of changing size, a tenth of them hopeless; gives resident MB early and late."""
    end, calls = time.monotonic() + seconds, 0
    samples: list[tuple[float, float]] = []

    async def caller(number: int) -> None:
        nonlocal calls
        rng = random.Random(number)
        while time.monotonic() < end:
            headers = {"X-Request-Timeout-Ms": "50" if rng.random() < 0.1 else "60000"}
            await client.post("/v1/rerank", json=body(rng, rng.choice((1, 3, 10, 30))), headers=headers)
            calls += 1

    async def sampler() -> None:
        while (left := end - time.monotonic()) > 0:
            samples.append((seconds - left, process.memory_info().rss / 1e6))
            await asyncio.sleep(0.5)

    async with httpx.AsyncClient(base_url=address, timeout=90) as client:
        await asyncio.gather(sampler(), *(caller(number) for number in range(4)))
    early = [mb for at, mb in samples if seconds * 0.1 <= at <= seconds * 0.4]
    late = [mb for at, mb in samples if at >= seconds * 0.7]
    return {
        "calls": calls,
        "early_mb": round(statistics.median(early), 1),
        "late_mb": round(statistics.median(late), 1),
        "peak_mb": round(max(mb for _, mb in samples), 1),
    }


def main() -> None:
    """Run both parts against a sidecar of its own."""
    flags = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    flags.add_argument("--model", default=str(embedded_model()))
    flags.add_argument("--seconds", type=float, default=60.0, help="of the overload (default 60)")
    flags.add_argument("--soak-seconds", type=float, default=600.0, help="of the soak (default 600; 0: none)")
    flags.add_argument("--callers", type=int, default=64)
    flags.add_argument("--documents", type=int, default=10)
    flags.add_argument("--deadline-ms", type=int, default=0, help="0: the time of ten calls, at least 500")
    flags.add_argument("--threads", type=int, default=0)
    options = flags.parse_args()
    plan = Plan(options.callers, options.documents, options.deadline_ms)
    quiet = ("--log-level", "warning", "--threads", str(options.threads))
    with sidecar("--model", options.model, *quiet) as running:
        found, plan, outcome = asyncio.run(run_overload(running.address, options.seconds, plan))
        report: dict[str, Any] = {
            "capacity_calls_per_s": round(found, 2),
            "deadline_ms": plan.deadline_ms,
            "overload": outcome.summary(options.seconds),
        }
        if options.soak_seconds:
            process = psutil.Process(running.process.pid)
            report["soak"] = asyncio.run(soak(running.address, process, options.soak_seconds))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
