"""The sidecar at twice the capacity that was found before: what is answered, refused and late."""

import asyncio
from pathlib import Path

from benchmarks.load.sidecar import running
from benchmarks.results import table
from tests.kit.callers.overload import Outcome, Plan, run_overload


def report(models: dict[str, Path], seconds: float, plan: Plan, threads: int) -> str:
    """Run the overload for each model; give the section's body."""
    rows = []
    for name, folder in models.items():
        with running(folder, threads) as started:
            found, ran, outcome = asyncio.run(run_overload(started.address, seconds, plan))
        rows.append(_row(name, found, ran, outcome, seconds))
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


def _row(name: str, found: float, plan: Plan, outcome: Outcome, seconds: float) -> list[str]:
    calls = sum(map(len, outcome.seconds.values()))
    times = [f"{outcome.percentile(status, 0.5):.0f}, {outcome.percentile(status, 0.99):.0f}" for status in (200, 429)]
    late = f"{len(outcome.late)}, {max(outcome.late, default=0.0) * 1000:.0f}"
    rates = [f"{found:.1f}", f"{calls / seconds:.1f}", f"{outcome.count(200) / seconds:.1f}"]
    counts = [str(outcome.count(status)) for status in (200, 429, 504)]
    return [name, *rates, *counts, str(len(outcome.broken)), str(plan.deadline_ms), *times, late]
