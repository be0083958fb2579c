"""A sidecar on a GPU answers after a few shapes, and warms the others behind its calls; driven here on the CPU."""

import asyncio
from pathlib import Path

import pytest

from lastly.graph.session import Session
from lastly.graph.warm_shapes import Shape
from lastly.model.folder import ModelFolder
from lastly.scheduling.admission import Limits
from lastly.scheduling.metrics import Metrics
from lastly.scheduling.scheduler import Scheduler
from lastly.serving import warming
from lastly.serving.warming import Warming
from tests.kit.models.as_on_gpu import AsOnGpu


class Watched(AsOnGpu):
    """Remembers what was warmed."""

    def __init__(self, folder: ModelFolder) -> None:
        super().__init__(folder)
        self.warmed: list[Shape] = []

    def warm(self, shape: Shape) -> None:
        super().warm(shape)
        self.warmed.append(shape)


async def until(session: Watched, count: int) -> None:
    async with asyncio.timeout(60):
        while len(session.warmed) < count:
            await asyncio.sleep(0.01)


def test_the_rest_is_warmed_behind_the_first_calls(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "_FIRST_S", 0.0)
    session = Watched(ModelFolder.load(small_model))
    shapes = session.shapes(512)

    async def run() -> None:
        scheduler = Scheduler(Limits(8, 1 << 20), Metrics())
        work = Warming(scheduler, 512)
        await work.start("model", session)
        assert session.warmed == shapes[:1]
        await until(session, len(shapes))
        work.stop()
        scheduler.close()

    asyncio.run(run())
    assert sorted(session.warmed) == sorted(shapes)


def test_a_shape_that_calls_want_is_warmed_next(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "_PAUSE_S", 0.01)
    session = Watched(ModelFolder.load(small_model))

    async def run() -> None:
        scheduler = Scheduler(Limits(8, 1 << 20), Metrics())
        work = Warming(scheduler, 128)
        await work.start("model", session)
        known = len(session.shapes(128))
        await until(session, known)
        session._warm.runs([60, 60, 60])
        await until(session, known + 1)
        work.stop()
        scheduler.close()

    asyncio.run(run())
    assert session.warmed[-1] == (3, 64)


def test_on_the_cpu_nothing_is_warmed(small_model: Path) -> None:
    async def run() -> None:
        scheduler = Scheduler(Limits(8, 1 << 20), Metrics())
        work = Warming(scheduler, 512)
        await work.start("model", Session(ModelFolder.load(small_model)))
        assert not work._tasks
        scheduler.close()

    asyncio.run(run())
