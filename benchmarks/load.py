"""The sidecar at twice its capacity, and its memory over ten minutes.

usage: python -m benchmarks.load [overload|soak] [--seconds N] [--model NAME=FOLDER]...
"""

import argparse
import asyncio
import random
import ssl
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.results import table, write_section
from lastly.config import embedded_model
from tests.api.process import sidecar
from tests.fuzz.million import small_model

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

    def count(self, status: int) -> int:
        """Count the answers of a status."""
        return len(self.seconds.get(status, []))


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


async def overload(address: str, rate: float, seconds: float, plan: "Plan") -> Outcome:
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


@dataclass(frozen=True)
class Plan:
    """How hard and how long."""

    callers: int = 64
    documents: int = 10
    deadline_ms: int = 0
    factor: float = 2.0


async def run_overload(address: str, seconds: float, plan: Plan) -> tuple[float, Plan, Outcome]:
    """Measure the capacity, then run at `plan.factor` times of it, within the deadline of the plan that comes back."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        found = await capacity(client, plan.documents, max(3.0, seconds / 6))
    # Without a deadline of its own the plan gives a call the time of ten at the capacity, so that a slow machine is
    # measured by its own pace.
    plan = replace(plan, deadline_ms=plan.deadline_ms or max(500, round(10_000 / found)))
    return found, plan, await overload(address, plan.factor * found, seconds, plan)


@dataclass(frozen=True)
class Held:
    """What the sidecar's process holds at a time of the soak, in seconds."""

    at: float
    megabytes: float
    files: int
    threads: int


@dataclass
class Soak:
    """A soak's samples, and the calls by status."""

    seconds: float
    samples: list[Held] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def medians(self, start: float, end: float) -> list[float]:
        """Give the medians of memory, files and threads over a share of the time."""
        found = [held for held in self.samples if start <= held.at / self.seconds <= end]
        return [statistics.median(getattr(held, name) for held in found) for name in ("megabytes", "files", "threads")]

    def growth(self) -> float:
        """Give the slope of the memory after the first tenth, in MB an hour."""
        settled = [held for held in self.samples if held.at >= self.seconds / 10]
        fit = statistics.linear_regression([held.at for held in settled], [held.megabytes for held in settled])
        return fit.slope * 3600


async def soak(address: str, process: psutil.Process, seconds: float) -> Soak:
    """Let four callers make calls of changing size, a tenth of them hopeless, a tenth given up halfway."""
    found, end = Soak(seconds), time.monotonic() + seconds

    async def caller(number: int) -> None:
        rng = random.Random(number)
        while time.monotonic() < end:
            headers = {"X-Request-Timeout-Ms": "50" if rng.random() < 0.1 else "60000"}
            patience = 0.1 if rng.random() < 0.1 else 90.0
            try:
                asked = body(rng, rng.choice((1, 3, 10, 30)))
                answer = await client.post("/v1/rerank", json=asked, headers=headers, timeout=patience)
            except httpx.TimeoutException:
                status = 0
            else:
                status = answer.status_code
            found.statuses[status] = found.statuses.get(status, 0) + 1

    async def sampler() -> None:
        while (left := end - time.monotonic()) > 0:
            memory = process.memory_info().rss / 1e6
            found.samples.append(Held(seconds - left, memory, process.num_fds(), process.num_threads()))
            await asyncio.sleep(0.5)

    async with httpx.AsyncClient(base_url=address) as client:
        await asyncio.gather(sampler(), *(caller(number) for number in range(4)))
    return found


def report_overload(models: dict[str, Path], seconds: float, plan: Plan, threads: int) -> str:
    """Run the overload for each model; give the section's body."""
    rows = []
    for name, folder in models.items():
        with _running(folder, threads) as running:
            found, ran, outcome = asyncio.run(run_overload(running.address, seconds, plan))
        rows.append(_overload_row(name, found, ran, outcome, seconds))
    header = [
        "model", "capacity, calls/s", "offered", "answered", "200", "429", "504", "not clean", "deadline, ms",
        "200: p50, p99 ms", "429: p50, p99 ms", "late, worst ms",
    ]  # fmt: skip
    return (
        f"{plan.callers} callers for {seconds:.0f} s at {plan.factor:g} times the capacity that four callers found "
        f"before; {plan.documents} documents of 40 words a call; {threads} thread for the model, the callers share the "
        "machine. Late: answered with 200 over 50 ms after the deadline. Aims: every refusal clean, p99 of a 429 under "
        "50 ms, no accepted call late.\n\n" + table(header, rows)
    )


def _overload_row(name: str, found: float, plan: Plan, outcome: Outcome, seconds: float) -> list[str]:
    calls = sum(map(len, outcome.seconds.values()))
    times = [f"{outcome.percentile(status, 0.5):.0f}, {outcome.percentile(status, 0.99):.0f}" for status in (200, 429)]
    late = f"{len(outcome.late)}, {max(outcome.late, default=0.0) * 1000:.0f}"
    rates = [f"{found:.1f}", f"{calls / seconds:.1f}", f"{outcome.count(200) / seconds:.1f}"]
    counts = [str(outcome.count(status)) for status in (200, 429, 504)]
    return [name, *rates, *counts, str(len(outcome.broken)), str(plan.deadline_ms), *times, late]


def report_soak(folder: Path, seconds: float, threads: int) -> str:
    """Run the soak; give the section's body."""
    with _running(folder, threads) as running:
        found = asyncio.run(soak(running.address, psutil.Process(running.process.pid), seconds))
    early, late = found.medians(0.1, 0.4), found.medians(0.7, 1.0)
    names = ("resident memory, MB", "open files", "threads")
    rows = [[name, f"{one:.1f}", f"{other:.1f}"] for name, one, other in zip(names, early, late, strict=True)]
    calls = ", ".join(f"{count} {_ended(status)}" for status, count in sorted(found.statuses.items()))
    peak = max(held.megabytes for held in found.samples)
    return (
        f"{seconds:.0f} s of four callers with 1 to 30 documents of 40 words; a tenth of the calls can't end in time, "
        f"a tenth hang up. Medians over the time from a tenth to four tenths, and over the last three tenths.\n\n"
        + table(["", "early", "late"], rows)
        + f"\n\nCalls: {calls}. Peak {peak:.1f} MB; slope after the first tenth {found.growth():+.1f} MB an hour."
    )


def _ended(status: int) -> str:
    return f"answered {status}" if status else "hung up"


@contextmanager
def _running(folder: Path, threads: int) -> Iterator[Any]:
    with sidecar("--model", str(folder), "--log-level", "warning", "--threads", str(threads)) as running:
        yield running


@contextmanager
def _models(given: list[str]) -> Iterator[dict[str, Path]]:
    """Give the models by name: those given, or the embedded one and a random one that shows the sidecar's own part."""
    if given:
        yield {name: Path(folder) for name, _, folder in (one.partition("=") for one in given)}
        return
    with tempfile.TemporaryDirectory() as folder:
        yield {"lastly-mini": embedded_model(), "one narrow layer": small_model(Path(folder))}


def main() -> None:
    """Run a part, or both, and write its section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("part", choices=("overload", "soak", "both"), nargs="?", default="both")
    flags.add_argument("--model", action="append", default=[], metavar="NAME=FOLDER")
    flags.add_argument("--seconds", type=float, default=60.0, help="of the overload (default 60)")
    flags.add_argument("--soak-seconds", type=float, default=600.0, help="of the soak (default 600)")
    flags.add_argument("--callers", type=int, default=64)
    flags.add_argument("--documents", type=int, default=10)
    flags.add_argument("--deadline-ms", type=int, default=0, help="0: the time of ten calls, at least 500")
    flags.add_argument("--threads", type=int, default=1)
    options = flags.parse_args()
    plan = Plan(options.callers, options.documents, options.deadline_ms)
    packages = ("onnxruntime", "uvicorn")
    with _models(options.model) as models:
        if options.part != "soak":
            text = report_overload(models, options.seconds, plan, options.threads)
            write_section("The sidecar at twice its capacity", "python -m benchmarks.load overload", text, packages)
        if options.part != "overload":
            text = report_soak(next(iter(models.values())), options.soak_seconds, options.threads)
            write_section("The sidecar's memory in a soak", "python -m benchmarks.load soak", text, packages)


if __name__ == "__main__":
    main()
