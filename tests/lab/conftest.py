"""The lab on a small random model and Python's documentation, in a real browser."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lastly.config import Settings
from lastly.lab.app import create_lab
from lastly.lab.sources import EngineSource, LocalSource
from lastly.search.python_docs import python_documentation
from lastly.serving.server import listen
from lastly_export.export import export
from lastly_integrations.json_client import JsonClient
from lastly_integrations.sidecar import SidecarClient
from tests.kit.models.checkpoints import QWEN3, write_checkpoint

KEY = "a key of the tests"


@pytest.fixture(scope="session")
def lab_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoint = write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "random", QWEN3)
    folder = tmp_path_factory.mktemp("model") / "small"
    export(checkpoint, folder)
    return folder


def _serve(settings: Settings) -> Iterator[str]:
    demo = LocalSource("Demo: this Python's documentation", python_documentation)
    demo.prepare()
    dead = EngineSource(JsonClient("http://127.0.0.1:9", timeout_s=2))
    with listen(settings, lambda settings: create_lab(settings, [demo, dead])) as listening:
        thread = threading.Thread(target=listening.run, daemon=True)
        thread.start()
        client, deadline = SidecarClient(JsonClient(f"http://{listening.host}:{listening.port}")), time.monotonic() + 60
        while not client.ready():
            assert time.monotonic() < deadline, "the lab did not start"
            time.sleep(0.05)
        yield f"http://{listening.host}:{listening.port}"
        listening.stop()
        thread.join(30)


@pytest.fixture(scope="session")
def lab(lab_model: Path) -> Iterator[str]:
    yield from _serve(Settings(model=((None, lab_model),), port=0, threads=1))


@pytest.fixture(scope="session")
def guarded_lab(lab_model: Path) -> Iterator[str]:
    yield from _serve(Settings.model_validate({"model": str(lab_model), "port": 0, "threads": 1, "api_key": KEY}))
