"""The most memory that the GPU (or, in a trial, the process) held meanwhile."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from lastly.graph import gpu_memory

_EVERY_S = 0.002


@dataclass
class Peak:
    """Bytes in use at the beginning, at most, and at the end."""

    before: int
    most: int
    after: int = 0


def used(device: str) -> Callable[[], int]:
    """Return a function that reads the bytes in use: of the whole GPU, so nothing else may run on it."""
    if device == "cpu":
        return lambda: int(psutil.Process().memory_info().rss)
    return gpu_memory.used


@contextmanager
def watch(read: Callable[[], int]) -> Iterator[Peak]:
    """Sample while the body runs."""
    peak = Peak(read(), read())
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(_EVERY_S):
            peak.most = max(peak.most, read())

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        peak.after = read()
        peak.most = max(peak.most, peak.after)
        stop.set()
        thread.join()
