"""Four callers for a long time, some of whom give up: does the process grow?"""

import asyncio
import random
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from benchmarks.load.sidecar import running
from benchmarks.results import table
from tests.kit.callers.calls import body


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
        """Return the medians of memory, files and threads over a share of the time."""
        found = [held for held in self.samples if start <= held.at / self.seconds <= end]
        return [statistics.median(getattr(held, name) for held in found) for name in ("megabytes", "files", "threads")]

    def growth(self) -> float:
        """Return the slope of the memory after the first tenth, in MB an hour."""
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


def report(folder: Path, seconds: float, threads: int) -> str:
    """Run the soak; give the section's body."""
    with running(folder, threads) as started:
        found = asyncio.run(soak(started.address, psutil.Process(started.process.pid), seconds))
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
