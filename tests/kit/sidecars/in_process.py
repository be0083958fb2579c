"""The whole sidecar in this process, with a client."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from lastly.config import Settings
from lastly.serving.app import create_app
from tests.kit.limits import START_S

CALL = {"query": "tea", "documents": ["green tea", "a bicycle", "black tea"]}


def wait_until_ready(client: TestClient) -> None:
    """Poll readiness until the models are warm."""
    deadline = time.monotonic() + START_S
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline, "the model did not load"
        time.sleep(0.05)


@contextmanager
def serving(settings: Settings) -> Iterator[TestClient]:
    """Serve in process; yield a client once the models are warm."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


def small_settings(folder: Path, **others: Any) -> dict[str, Any]:
    """Return settings for the small model, under a name of its own."""
    return {"model": f"small={folder}", "threads": min(2, os.cpu_count() or 1)} | others
