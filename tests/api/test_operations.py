"""Health, models, metrics, keys, start and stop."""

import asyncio
import json
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from lastly.config import Settings, embedded_model
from lastly.errors import InvalidRequestError, ModelFolderError
from lastly.ranking.reranker import Reranker
from lastly.serving.app import create_app
from lastly.serving.service import Service
from tests.kit.sidecars.in_process import CALL, serving, small_settings, wait_until_ready
from tests.kit.sidecars.process import Sidecar, sidecar


def test_the_model_is_listed_with_its_licence(client: TestClient) -> None:
    [model] = client.get("/v1/models").json()["data"]
    assert model["id"] == "lastly-mini"
    assert model["licence"] == "Apache-2.0"


def test_the_settings_say_how_many_tokens_share_a_context(client: TestClient, small_model: Path) -> None:
    [model] = client.get("/v1/models").json()["data"]
    assert model["maximum_length"] == 1360
    with serving(Settings(**small_settings(small_model, max_block_tokens=40))) as small:
        [model] = small.get("/v1/models").json()["data"]
        assert model["maximum_length"] == 40


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


def test_readiness_waits_for_the_model_s_first_runs_and_liveness_does_not(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, may_warm_up, warm_up = threading.Event(), threading.Event(), Service._warm_up

    async def held_up(service: Service, name: str, reranker: Reranker) -> None:
        loaded.set()
        await asyncio.to_thread(may_warm_up.wait, 60)
        await warm_up(service, name, reranker)

    monkeypatch.setattr(Service, "_warm_up", held_up)
    with TestClient(create_app(settings)) as client:
        assert loaded.wait(60)
        for path in ("/health/ready", "/info"):
            early = client.get(path)
            assert (early.status_code, early.json()["error"]["code"]) == (503, "not_ready")
        assert client.post("/v1/rerank", json=CALL).status_code == 503
        assert client.get("/health/live").status_code == 200
        may_warm_up.set()
        wait_until_ready(client)
        runs = "lastly_inference_seconds_count"
        assert _values(client)[runs] >= 1


def test_a_call_moves_every_measure_of_its_way_by_one(small: TestClient) -> None:
    before = _values(small)
    assert small.post("/v1/rerank", json=CALL).status_code == 200
    after = _values(small)
    ways = ("queue_seconds", "tokenize_seconds", "inference_seconds", "rerank_seconds", "batch_blocks", "batch_fill")
    for way in (*ways, "rerank_tokens", "rerank_documents"):
        name = f"lastly_{way}_count"
        assert after[name] == before[name] + 1, name
    assert after["lastly_rerank_documents_sum"] == before["lastly_rerank_documents_sum"] + len(CALL["documents"])
    assert after["lastly_queue_requests"] == 0


def _values(client: TestClient) -> dict[str, float]:
    """Return the samples without labels, as Prometheus' own parser reads them."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}


def test_a_wrong_model_folder_ends_the_start_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="lastly-export"):
        create_app(Settings(model=tmp_path))


def test_sigterm_lets_running_requests_end(small_model: Path) -> None:
    answers: list[int] = []
    body = {"query": "tea", "documents": ["a longer text about tea " * 40] * 12}
    with sidecar("--model", str(small_model), "--drain-timeout-s", "60") as running:
        call = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{running.address}/v1/rerank", json=body, timeout=60).status_code)
        )
        call.start()
        _wait_for(running.address, "lastly_queue_requests 1.0")
        running.process.send_signal(signal.SIGTERM)
        call.join(60)
        assert answers == [200]
        assert running.process.wait(60) == 0


def test_sigterm_waits_no_longer_than_the_limit() -> None:
    """The call would take minutes; the block that is under way ends, the others never run."""
    body = {"query": "tea", "documents": ["a longer text about tea " * 40] * 1000}
    flags = ("--drain-timeout-s", "1", "--request-timeout-ms", "900000")
    with sidecar(*flags) as running, ThreadPoolExecutor(1) as caller:
        call = caller.submit(httpx.post, f"{running.address}/v1/rerank", json=body, timeout=120)
        _wait_for(running.address, "lastly_queue_requests 1.0")
        started = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(60)
        assert 0.5 < time.monotonic() - started < 10  # one block alone takes nine seconds and is stopped inside
        assert (call.result(30).status_code, call.result().json()["error"]["code"]) == (503, "not_ready")
        assert running.process.returncode == 0


def test_sighup_loads_the_model_again_without_a_failed_call(small_model: Path, tmp_path: Path) -> None:
    old, new, folder = tmp_path / "old", tmp_path / "new", tmp_path / "model"
    shutil.copytree(small_model, old)
    shutil.copytree(embedded_model(), new)
    folder.symlink_to(old)
    with sidecar("--model", f"served={folder}") as running:
        first = _scores(running)
        _point(folder, new)
        statuses = _calls_until(running, lambda: running.process.send_signal(signal.SIGHUP), 'result="done"} 1.0')
        assert set(statuses) == {200}
        assert _scores(running) != first
        folder = new
        assert 'lastly_reloads_total{result="done"} 1.0' in _metrics(running.address)
        (folder / "lastly.json").write_text("{}")
        statuses = _calls_until(running, lambda: running.process.send_signal(signal.SIGHUP), 'result="failed"')
        assert set(statuses) == {200}
        running.wait_for_line("the model that runs stays")


def _scores(running: Sidecar) -> list[float]:
    answer = httpx.post(f"{running.address}/v1/rerank", json=CALL, timeout=30).json()
    return [result["relevance_score"] for result in answer["results"]]


def _point(link: Path, folder: Path) -> None:
    """Swap a symbolic link in one step, as the operations page says."""
    beside = link.with_name("beside")
    beside.symlink_to(folder)
    beside.rename(link)


def _calls_until(running: Sidecar, act: Callable[[], None], wanted: str) -> list[int]:
    """Let four callers ask on and on until a metric is there; returns their statuses."""
    over, statuses = threading.Event(), list[int]()

    def caller() -> None:
        while not over.is_set():
            statuses.append(httpx.post(f"{running.address}/v1/rerank", json=CALL, timeout=30).status_code)

    with ThreadPoolExecutor(4) as callers:
        asking = [callers.submit(caller) for _ in range(4)]
        try:
            act()
            _wait_for(running.address, wanted, 60)
            behind = len(statuses)
            _wait_until(lambda: len(statuses) > behind + 8)
        finally:
            over.set()
        for asked in asking:
            asked.result(60)
    return statuses


def _metrics(address: str) -> str:
    return httpx.get(f"{address}/metrics", timeout=30).text


def _wait_for(address: str, metric: str, seconds: float = 30) -> None:
    _wait_until(lambda: metric in _metrics(address), seconds)


def _wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_several_models_answer_by_name(small_model: Path) -> None:
    with serving(Settings(model=f"first={small_model},second={small_model}")) as client:
        assert [card["id"] for card in client.get("/v1/models").json()["data"]] == ["first", "second"]
        assert client.post("/v1/rerank", json=CALL).json()["model"] == "first"
        assert client.post("/v1/rerank", json=CALL | {"model": "second"}).json()["model"] == "second"
        assert client.post("/v1/rerank", json=CALL | {"model": "third"}).status_code == 422


def test_two_models_of_one_name_end_the_start(small_model: Path) -> None:
    with pytest.raises(InvalidRequestError, match="NAME=FOLDER"):
        create_app(Settings(model=f"a={small_model},a={small_model}"))


def test_lines_of_the_log_are_json_and_hold_no_user_text(small_model: Path) -> None:
    with sidecar("--model", str(small_model), "--log-format", "json") as running:
        body = {"query": "hunter2", "documents": ["hunter2", "plain"]}
        httpx.post(f"{running.address}/v1/rerank", json=body, headers={"X-Request-Id": "r-1"})
        httpx.post(f"{running.address}/v1/rerank", json={"query": "hunter2", "documents": [{"hunter2": 1}]})
        running.wait_for_line('"status": 422')
        line = json.loads(running.wait_for_line('"status": 200'))
    assert (line["request_id"], line["path"], line["level"]) == ("r-1", "/v1/rerank", "info")
    assert line["ms"] > 0
    assert not any("hunter2" in line for line in running.lines)
    assert all(json.loads(line) for line in running.lines if not line.startswith("listening on"))
