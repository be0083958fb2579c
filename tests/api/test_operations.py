"""Health, models, metrics, keys, start and stop."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from lastly.app import create_app
from lastly.config import Settings
from lastly.errors import ModelFolderError
from tests.api.conftest import wait_until_ready

CALL = {"query": "tea", "documents": ["green tea", "a bicycle"]}


def test_the_model_is_listed_with_its_licence(client: TestClient) -> None:
    [model] = client.get("/v1/models").json()["data"]
    assert model["id"] == "lastly-mini"
    assert model["licence"] == "Apache-2.0"


def test_info_names_providers_and_limits(client: TestClient) -> None:
    info = client.get("/info").json()
    assert info["providers"] == ["CPUExecutionProvider"]
    assert info["limits"]["max_documents"] == 100


def test_metrics_count_calls_and_refusals(client: TestClient) -> None:
    def value(name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    calls, refused = value("lastly_rerank_seconds_count"), value('lastly_refusals_total{reason="invalid_request"}')
    client.post("/v1/rerank", json=CALL)
    client.post("/v1/rerank", json={})
    assert value("lastly_rerank_seconds_count") == calls + 1
    assert value('lastly_refusals_total{reason="invalid_request"}') == refused + 1
    assert value('lastly_requests_total{path="/v1/rerank",status="200"}') >= 1


def test_the_api_describes_itself(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    assert "/v1/rerank" in description["paths"]
    assert client.get("/docs").status_code == 200


def test_readiness_waits_for_the_model_and_liveness_does_not(settings: Settings) -> None:
    with TestClient(create_app(settings)) as client:
        assert client.get("/health/live").status_code == 200
        first = client.get("/health/ready")
        if first.status_code != 200:
            assert (first.status_code, first.json()["error"]["code"]) == (503, "not_ready")
        wait_until_ready(client)


def test_with_a_key_only_health_and_metrics_are_open() -> None:
    with TestClient(create_app(Settings(api_key="right"))) as client:  # type: ignore[arg-type]
        wait_until_ready(client)
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic right"}):
            refused = client.post("/v1/rerank", json=CALL, headers=headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
        assert client.post("/v1/rerank", json=CALL, headers={"Authorization": "Bearer right"}).status_code == 200
        assert client.get("/v1/models").status_code == 401
        assert client.get("/health/ready").status_code == 200
        assert client.get("/metrics").status_code == 200


def test_a_wrong_model_folder_ends_the_start_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="lastly-export"):
        create_app(Settings(model=tmp_path))


@pytest.fixture
def process() -> "subprocess.Popen[str]":
    environment = os.environ | {"LASTLY_PORT": "0"}
    return subprocess.Popen(
        [sys.executable, "-m", "lastly", "serve"], stderr=subprocess.PIPE, text=True, env=environment
    )


def test_sigterm_lets_running_requests_end(process: "subprocess.Popen[str]") -> None:
    assert process.stderr is not None
    address = process.stderr.readline().strip().removeprefix("listening on ")
    threading.Thread(target=process.stderr.read, daemon=True).start()
    answers: list[int] = []
    try:
        deadline = time.monotonic() + 60
        while not _ready(address):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        body = {"query": "tea", "documents": ["a longer text about tea " * 20] * 60}
        call = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{address}/v1/rerank", json=body, timeout=60).status_code)
        )
        call.start()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        call.join(60)
        assert answers == [200]
        assert process.wait(30) == 0
    finally:
        process.kill()


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/ready").status_code == 200
    except httpx.TransportError:
        return False
