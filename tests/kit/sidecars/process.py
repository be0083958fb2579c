"""The sidecar as a process of its own, as ops teams run it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.kit.limits import START_S
from tests.kit.processes.guard import marks


class Sidecar:
    """A running `lastly serve`; `lines` is what it wrote to stderr so far."""

    def __init__(self, *flags: str) -> None:
        command = [sys.executable, "-m", "lastly", "serve", "--port", "0", *flags]
        self.process = subprocess.Popen(command, env={**os.environ, **marks()}, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._listening = threading.Event()
        self.address = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("listening on "):
                self.address = line.split()[2]
                self._listening.set()

    def wait_until_ready(self, **options: Any) -> None:
        """Wait for warm models."""
        deadline = time.monotonic() + START_S
        while not self._listening.wait(0.05):
            assert time.monotonic() < deadline, self.lines
            assert self.process.poll() is None, self.lines
        while not self._ready(options):
            assert time.monotonic() < deadline, self.lines
            assert self.process.poll() is None, self.lines
            time.sleep(0.05)

    def wait_for_line(self, text: str, seconds: float = 60.0) -> str:
        """Wait until a line that holds `text` is written; gives it."""
        deadline = time.monotonic() + seconds
        while not (found := [line for line in self.lines if text in line]):
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.05)
        return found[-1]

    def _ready(self, options: dict[str, Any]) -> bool:
        try:
            return httpx.get(f"{self.address}/health/ready", **options).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def sidecar(*flags: str, **options: Any) -> Iterator[Sidecar]:
    """Run a sidecar; gives it ready. `options` go to httpx (verify)."""
    running = Sidecar(*flags)
    try:
        running.wait_until_ready(**options)
        yield running
    finally:
        running.process.kill()
        running.process.wait(10)
