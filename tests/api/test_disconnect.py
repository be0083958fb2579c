"""Callers that close the connection: their work that has not started never does."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kit.sidecars.in_process import CALL
from tests.kit.sidecars.process import Sidecar, sidecar


@pytest.fixture(scope="module")
def running(small_model: Path) -> Iterator[Sidecar]:
    with sidecar("--model", str(small_model)) as running:
        yield running


def hung_up_call(running: Sidecar, texts: int) -> socket.socket:
    host, port = running.address.removeprefix("http://").split(":")
    body = json.dumps({"query": "tea", "documents": ["a text about tea " * 30] * texts}).encode()
    connection = socket.create_connection((host, int(port)))
    head = (
        f"POST /v1/rerank HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def metric(running: Sidecar, name: str) -> float:
    lines = httpx.get(f"{running.address}/metrics", timeout=30).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def wait_for(running: Sidecar, name: str, value: float) -> None:
    deadline = time.monotonic() + 60
    while metric(running, name) != value:
        assert time.monotonic() < deadline, (name, value, metric(running, name))
        time.sleep(0.01)


def test_hung_up_callers_leave_the_queue_unserved(running: Sidecar) -> None:
    runs = metric(running, "lastly_inference_seconds_count")
    first = hung_up_call(running, 40)
    wait_for(running, "lastly_queue_requests", 1)
    others = [hung_up_call(running, 40) for _ in range(8)]
    for connection in others:
        connection.close()
    assert first.recv(12) == b"HTTP/1.1 200"
    wait_for(running, "lastly_queue_requests", 0)
    assert httpx.post(f"{running.address}/v1/rerank", json=CALL).status_code == 200
    done = metric(running, "lastly_inference_seconds_count") - runs
    assert done <= 4, "of nine calls only the first, perhaps one that was just starting, and the last may run"


def test_the_sidecar_stays_quiet_and_whole_after_hang_ups(running: Sidecar) -> None:
    for _ in range(20):
        hung_up_call(running, 2).close()
    wait_for(running, "lastly_queue_requests", 0)
    assert httpx.post(f"{running.address}/v1/rerank", json=CALL).status_code == 200
    assert not [line for line in running.lines if "ERROR" in line]
