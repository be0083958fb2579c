"""`lastly serve` as a process that can be stopped, killed and started again at the same address."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from lastly.config import embedded_model
from lastly_export.export import export
from tests.kit.limits import START_S
from tests.kit.models.checkpoints import QWEN3, write_checkpoint
from tests.kit.ports import free_port
from tests.kit.processes import logs
from tests.kit.processes.guard import guarded, marks


class RealSidecar:
    """The embedded model; a random one of its architecture in a checkout that has none."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=guarded())
        self._log = Path(self._folder.name) / "sidecar.log"
        self._model = embedded_model()
        if not self._model.is_dir():
            self._model = Path(self._folder.name) / "random"
            export(write_checkpoint(Path(self._folder.name) / "checkpoint", QWEN3), self._model)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when it is ready."""
        command = [sys.executable, "-m", "lastly", "serve", "--port", str(self._port), "--model", str(self._model)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **marks()}, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while not self._ready():
            assert self.process.poll() is None, f"the sidecar ended: {self._log.read_text()[-3000:]}"
            assert time.monotonic() < deadline, f"the sidecar did not start: {self._log.read_text()[-3000:]}"
            time.sleep(0.1)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        if number == signal.SIGKILL:
            self.process.wait()

    def scores(self, query: str, documents: list[str], **more: Any) -> list[float]:
        """Ask it for the scores, in the documents' order; `more` goes into the request."""
        body = json.dumps({"query": query, "documents": documents, **more}).encode()
        request = urllib.request.Request(f"{self.url}/v1/rerank", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            results: list[Any] = json.load(response)["results"]
        return [result["relevance_score"] for result in sorted(results, key=lambda result: int(result["index"]))]

    def close(self) -> None:
        """End it."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGKILL)
        logs.keep(f"sidecar-{self._port}", self._log)
        self._folder.cleanup()

    def _ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/health/ready", timeout=1) as response:
            return bool(response.status == 200)
        return False
