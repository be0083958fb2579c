"""The whole app in process: `client` on the embedded model, `small` for what needs no trained one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lastly.config import Settings
from tests.kit.models.small import exported
from tests.kit.sidecars.in_process import serving, small_settings


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
    return exported(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def small(small_model: Path) -> Iterator[TestClient]:
    with serving(Settings(**small_settings(small_model))) as client:
        yield client
