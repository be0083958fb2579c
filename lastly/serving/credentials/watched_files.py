"""Notices that files were replaced."""

import time
from collections.abc import Sequence
from pathlib import Path

_INTERVAL_S = 1.0


class WatchedFiles:
    """Files whose times of change are looked at, at most once a second."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._seen: Sequence[int] = self._times()
        self._looked = time.monotonic()

    def changed(self) -> bool:
        """Return whether a file changed since this last said so; raises OSError where one is missing."""
        if time.monotonic() - self._looked < _INTERVAL_S:
            return False
        self._looked = time.monotonic()
        times = self._times()
        changed = times != self._seen
        self._seen = times
        return changed

    def retry(self) -> None:
        """Let the files count as changed again, after what they held could not be read."""
        self._seen = ()

    def _times(self) -> Sequence[int]:
        return [path.stat().st_mtime_ns for path in self._paths]
