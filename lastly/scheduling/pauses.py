"""Notices that the process did not run: stopped by a signal, or on a machine that was suspended."""

import asyncio
import time
from collections.abc import Callable

_BEAT_S = 0.1
_PAUSE_S = 0.5  # between two beats: longer than the event loop is ever busy with one thing


class Pauses:
    """What was measured across a pause says nothing about the model's speed."""

    def __init__(self) -> None:
        self._beat = 0.0
        self._ended = float("-inf")
        self._beating = False

    def watch(self, while_true: Callable[[], bool]) -> None:
        """Watch out for pauses from now on, as long as a condition holds."""
        if not self._beating and while_true():
            self._beating, self._beat = True, time.monotonic()
            self._next(while_true)

    def ended_after(self, started: float) -> bool:
        """Return whether a pause ended after a time of `time.monotonic()`."""
        return self.latest(started) > started

    def latest(self, started: float) -> float:
        """Return the end of the latest pause, or `started` where that came later."""
        self._look()
        return max(started, self._ended)

    def _next(self, while_true: Callable[[], bool]) -> None:
        self._look()
        self._beating = while_true()
        if self._beating:
            asyncio.get_running_loop().call_later(_BEAT_S, self._next, while_true)

    def _look(self) -> None:
        now = time.monotonic()
        if self._beating and now - self._beat > _PAUSE_S:
            self._ended = now
        self._beat = now
