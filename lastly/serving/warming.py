"""Warms a model on a GPU: a few seconds before its first call, the rest behind the calls."""

import asyncio
import time
from collections.abc import Iterator
from functools import partial

from lastly.graph.session import Session
from lastly.graph.warm_shapes import Shape
from lastly.scheduling.scheduler import Scheduler

_FIRST_S = 4.0  # before the first call, so that a sidecar is ready within ten seconds
_SINGLE_TOKENS = 4096  # lists up to here are warmed first, alone
_SHARE = 0.05  # of the time that warming takes while calls are inside: one shape holds them up by up to 0.15 s
_PAUSE_S = 0.2  # between looks for a further shape, or for the last call's end


class Warming:
    """Of all models of a process; a further `start` of a model ends the one before."""

    def __init__(self, scheduler: Scheduler, tokens: int) -> None:
        """`tokens`: of one run at most, padding included."""
        self._scheduler = scheduler
        self._tokens = tokens
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, session: Session) -> None:
        """Warm for a few seconds; the rest follows behind the calls, and with it what calls turn out to want."""
        shapes = _in_order(session.shapes(self._tokens))
        end = time.monotonic() + _FIRST_S
        for shape in shapes:
            await self._warm(session, shape)
            if time.monotonic() > end:
                break
        self.stop(name)
        if session.on_gpu:
            self._tasks[name] = asyncio.create_task(self._go_on(session, shapes))

    def stop(self, name: str | None = None) -> None:
        """End the warming of a model, or of all."""
        for each in [name] if name else list(self._tasks):
            if task := self._tasks.pop(each, None):
                task.cancel()

    async def _go_on(self, session: Session, shapes: Iterator[Shape]) -> None:
        while True:
            shape = session.wanted() or next(shapes, None)
            if shape is None:
                await asyncio.sleep(_PAUSE_S)
                continue
            started = time.monotonic()
            await self._warm(session, shape)
            await self._let_calls_pass((time.monotonic() - started) / _SHARE)

    async def _let_calls_pass(self, seconds: float) -> None:
        """Wait while calls are inside, so long at most."""
        end = time.monotonic() + seconds
        while not self._scheduler.idle and time.monotonic() < end:
            await asyncio.sleep(_PAUSE_S)

    async def _warm(self, session: Session, shape: Shape) -> None:
        await self._scheduler.prepare(partial(session.warm, shape))


def _in_order(shapes: list[Shape]) -> Iterator[Shape]:
    """The largest first, whose memory serves all; then single short lists; then the rest, largest first."""
    first, rest = shapes[:1], shapes[1:]
    singles = [shape for shape in rest if shape[0] == 1 and shape[1] <= _SINGLE_TOKENS]
    yield from first
    yield from reversed(singles)
    yield from (shape for shape in rest if shape not in singles)
