"""The whole app in process: `client` on the embedded model, `small` for what needs no trained one."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from lastly.config import Settings
from lastly.serving.app import create_app
from lastly_export.export import ExportOptions, export
from tests.kit.checkpoints import QWEN3, write_checkpoint

CALL = {"query": "tea", "documents": ["green tea", "a bicycle", "black tea"]}


def wait_until_ready(client: TestClient) -> None:
    """Poll readiness for at most a minute."""
    deadline = time.monotonic() + 60
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline, "the model did not load"
        time.sleep(0.05)


@contextmanager
def serving(settings: Settings) -> Iterator[TestClient]:
    """Serve in process; gives a client once the models are warm."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(max_documents=100, max_body_bytes=200_000)


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[TestClient]:
    with serving(settings) as client:
        yield client


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of three narrow layers: exact, fast, and of no judgement."""
    checkpoint = write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "random", QWEN3)
    folder = tmp_path_factory.mktemp("model") / "small"
    export(checkpoint, folder, ExportOptions(parity=False))
    return folder


@pytest.fixture(scope="session")
def small(small_model: Path) -> Iterator[TestClient]:
    with serving(Settings(**small_settings(small_model))) as client:
        yield client


def small_settings(folder: Path, **others: Any) -> dict[str, Any]:
    """Give settings for the small model, under a name of its own."""
    return {"model": f"small={folder}", "threads": min(2, os.cpu_count() or 1)} | others
