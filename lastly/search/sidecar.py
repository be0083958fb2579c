"""The sidecar beside this process: the real server on a free local port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lastly.config import Settings
from lastly.errors import NotReadyError
from lastly.serving.connections.addresses import shown
from lastly.serving.server import Listening, listen
from lastly_integrations.json_client import JsonClient
from lastly_integrations.sidecar import SidecarClient

_START_S = 120.0
_CALL_S = 120.0


@contextmanager
def running_sidecar(settings: Settings) -> Iterator[SidecarClient]:
    """Run the sidecar in a thread; return a client once the model is warm. Raises LastlyError where it can't load."""
    with listen(settings) as listening:
        thread = threading.Thread(target=listening.run, name="sidecar", daemon=True)
        thread.start()
        try:
            address = shown(listening.host, listening.port)
            client = SidecarClient(JsonClient(f"http://{address}", timeout_s=_CALL_S))
            _wait_until_ready(client, listening)
            yield client
        finally:
            listening.stop()
            thread.join(settings.drain_timeout_s)


def _wait_until_ready(client: SidecarClient, listening: Listening) -> None:
    deadline = time.monotonic() + _START_S
    while not client.ready():
        if listening.failed or time.monotonic() > deadline:
            raise NotReadyError("the sidecar did not start; the log above says why")
        time.sleep(0.05)
