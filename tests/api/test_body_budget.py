"""Bodies on their way in: bounded in time, and all together in bytes; what is refused is refused before its end."""

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kit.sidecars.in_process import CALL
from tests.kit.sidecars.process import Sidecar, sidecar

ROOM, TIMEOUT_MS = 4096, 3000


@pytest.fixture(scope="module")
def running(small_model: Path) -> Iterator[Sidecar]:
    flags = ("--max-queue-bytes", str(ROOM), "--body-timeout-ms", str(TIMEOUT_MS))
    with sidecar("--model", str(small_model), *flags) as running:
        yield running


def begin(running: Sidecar, announced: int, sent: int, headers: str = "") -> socket.socket:
    """Begin a call and send only a part of its body."""
    host, port = running.address.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    head = f"POST /v1/rerank HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n{headers}\r\n"
    connection.sendall(head.encode() + b" " * sent)
    return connection


def wait_for_bytes(running: Sidecar, size: int) -> None:
    deadline = time.monotonic() + 20
    while (found := held(running)) != size:
        assert time.monotonic() < deadline, found
        time.sleep(0.01)


def held(running: Sidecar) -> float:
    metrics = httpx.get(f"{running.address}/metrics", timeout=20).text
    found = re.search(r"^lastly_queue_bytes (\S+)$", metrics, re.MULTILINE)
    assert found
    return float(found[1])


def call(running: Sidecar, size: int) -> httpx.Response:
    """Make a call whose body has so many bytes."""
    body = json.dumps(CALL).encode().ljust(size)
    return httpx.post(f"{running.address}/v1/rerank", content=body, headers={"Content-Type": "application/json"})


def test_bodies_beyond_the_room_for_all_are_refused_until_the_others_are_gone(running: Sidecar) -> None:
    with begin(running, announced=3500, sent=3000):
        wait_for_bytes(running, 3000)
        refused = call(running, ROOM - 2999)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "overloaded")
        assert int(refused.headers["Retry-After"]) >= 1
        assert call(running, ROOM - 3000).status_code == 200
        assert httpx.get(f"{running.address}/health/ready").status_code == 200
    wait_for_bytes(running, 0)
    assert call(running, ROOM - 2999).status_code == 200


def test_a_body_of_unknown_length_counts_while_it_comes(running: Sidecar) -> None:
    with begin(running, announced=3500, sent=3000):
        wait_for_bytes(running, 3000)
        refused = httpx.post(f"{running.address}/v1/rerank", content=(b" " * 500 for _ in range(4)))
        assert refused.status_code == 429
    wait_for_bytes(running, 0)


def test_one_body_alone_fits_whatever_the_room(running: Sidecar) -> None:
    assert call(running, 10 * ROOM).status_code == 200


def test_a_body_that_comes_too_slowly_is_refused_and_no_longer_counted(running: Sidecar) -> None:
    with begin(running, announced=100, sent=1) as connection:
        assert b" 408 " in connection.recv(4096)
        wait_for_bytes(running, 0)


def test_a_caller_s_time_runs_while_its_body_comes(running: Sidecar) -> None:
    body = json.dumps(CALL).encode()
    with begin(running, len(body), 0, "Content-Type: application/json\r\nX-Request-Timeout-Ms: 200\r\n") as connection:
        time.sleep(0.4)
        connection.sendall(body)
        assert b" 504 " in connection.recv(4096)


def test_a_caller_who_hangs_up_within_its_body_is_no_longer_counted(running: Sidecar) -> None:
    begin(running, announced=100, sent=50).close()
    wait_for_bytes(running, 0)
    assert call(running, 200).status_code == 200
