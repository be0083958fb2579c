"""The sidecar beside this process: the real server on a free local port, and a call to it."""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lastly.config import Settings
from lastly.errors import NotReadyError
from lastly.serving.server import Listening, listen

_START_S = 120.0
_CALL_S = 120.0


@contextmanager
def running_sidecar(settings: Settings) -> Iterator["SidecarClient"]:
    """Run the sidecar in a thread; return a client once the model is warm. Raises LastlyError where it can't load."""
    with listen(settings) as listening:
        thread = threading.Thread(target=listening.run, name="sidecar", daemon=True)
        thread.start()
        try:
            client = SidecarClient(listening.host, listening.port)
            _wait_until_ready(client, listening)
            yield client
        finally:
            listening.stop()
            thread.join(settings.drain_timeout_s)


class SidecarClient:
    """Calls a sidecar over HTTP."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port

    def ready(self) -> bool:
        """Return whether the model is warm."""
        try:
            status, _ = self._call("GET", "/health/ready", None)
        except OSError:
            return False
        return status == 200

    def rerank(self, query: str, texts: Sequence[str], **options: Any) -> dict[str, Any]:
        """Call /v1/rerank; raises NotReadyError with the sidecar's own message where it refuses."""
        status, answer = self._call("POST", "/v1/rerank", {"query": query, "documents": list(texts), **options})
        if status != 200:
            raise NotReadyError(f"the sidecar answered {status}: {answer['error']['message']}")
        return answer

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(*self._address, timeout=_CALL_S)
        try:
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


def _wait_until_ready(client: SidecarClient, listening: Listening) -> None:
    deadline = time.monotonic() + _START_S
    while not client.ready():
        if listening.failed or time.monotonic() > deadline:
            raise NotReadyError("the sidecar did not start; the log above says why")
        time.sleep(0.05)
