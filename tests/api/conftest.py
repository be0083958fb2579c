"""The whole app in process, on the embedded model."""

import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from lastly.app import create_app
from lastly.config import Settings


def wait_until_ready(client: TestClient) -> None:
    """Poll readiness for at most a minute."""
    deadline = time.monotonic() + 60
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline, "the model did not load"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(max_documents=100, max_body_bytes=200_000)


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client
