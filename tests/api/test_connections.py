"""What a connection may cost: refused bodies end it, heads have their time, and handles their limit."""

import json
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.kit.sidecars.in_process import CALL
from tests.kit.sidecars.process import Sidecar, sidecar

KEY = "right"
HEAD = "POST /v1/rerank HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
ALLOWED = f"Authorization: Bearer {KEY}\r\n"
CRUMBS = b"1\r\n \r\n" * 1000


@pytest.fixture(scope="module")
def running(small_model: Path) -> Iterator[Sidecar]:
    with sidecar("--model", str(small_model), "--api-key", KEY) as running:
        yield running


def connect(running: Sidecar, head: str) -> socket.socket:
    host, port = running.address.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(head.encode())
    return connection


def send_crumbs(connection: socket.socket, most: int) -> int:
    """Send one-byte chunks until the sidecar has had enough; return how many went."""
    for sent in range(0, most, 1000):
        try:
            connection.sendall(CRUMBS)
        except OSError:
            return sent
    return most


def answered_once(connection: socket.socket) -> bytes:
    """Read until the sidecar closes."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize("headers", ["", ALLOWED])
def test_a_body_in_crumbs_ends_its_connection_and_costs_little(running: Sidecar, headers: str) -> None:
    spent = processor_seconds(running)
    with connect(running, f"{HEAD}{headers}Transfer-Encoding: chunked\r\n\r\n") as connection:
        assert send_crumbs(connection, 3_000_000) < 3_000_000
        answer = answered_once(connection)
    # What came behind may have reset the connection, and the answer with it; with a key nothing else is ever sent.
    assert answer.startswith(b"HTTP/1.1 4" if headers else b"HTTP/1.1 401") or (headers and not answer)
    assert processor_seconds(running) - spent < 2.0  # parsing all would take over 40
    assert httpx.get(f"{running.address}/health/live").status_code == 200


def processor_seconds(running: Sidecar) -> float:
    times = psutil.Process(running.process.pid).cpu_times()
    return float(times.user + times.system)


@pytest.mark.parametrize("size", [100_000, 900_000])
def test_a_caller_that_sends_its_whole_body_gets_its_refusal(running: Sidecar, size: int) -> None:
    for _ in range(20):
        refused = httpx.post(f"{running.address}/v1/rerank", content=b" " * size)
        assert (refused.status_code, refused.headers["Connection"]) == (401, "close")


def test_a_refusal_without_a_body_keeps_its_connection(running: Sidecar) -> None:
    with connect(running, "GET /info HTTP/1.1\r\nHost: x\r\n\r\n" * 2) as connection:
        received = b""
        while received.count(b"HTTP/1.1 401") < 2:
            received += connection.recv(65536)
    assert b"connection: close" not in received.lower()


def test_calls_in_one_stream_are_answered_in_their_order(running: Sidecar) -> None:
    body = json.dumps(CALL)
    call = f"{HEAD}{ALLOWED}Content-Length: {len(body)}\r\n\r\n{body}"
    with connect(running, call + "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" + call) as connection:
        received = b""
        while received.count(b"HTTP/1.1 200") < 3 or received.count(b'"usage"') < 2:
            received += connection.recv(65536)
    assert received.index(b'"results"') < received.index(b'"live"') < received.rindex(b'"results"')


def test_a_body_is_asked_for_where_the_caller_waits_for_that(running: Sidecar) -> None:
    body = json.dumps(CALL)
    head = f"{HEAD}{ALLOWED}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    with connect(running, head) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")
        connection.sendall(body.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    with connect(running, head.replace(KEY, "wrong")) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")


def test_a_head_without_end_is_refused(running: Sidecar) -> None:
    with connect(running, HEAD) as connection:
        try:
            for _ in range(2000):
                connection.sendall(b"X-Filler: " + b"x" * 1000 + b"\r\n")
        except OSError:
            return
        assert b" 400 " in connection.recv(65536)


def test_a_head_that_does_not_come_ends_its_connection(running: Sidecar) -> None:
    with connect(running, "POST /v1/rer") as connection:
        started = time.monotonic()
        assert answered_once(connection) == b""
        assert 5 < time.monotonic() - started < 25


def test_at_the_limit_on_file_handles_connections_wait_and_one_line_says_so(small_model: Path) -> None:
    with sidecar("--model", str(small_model)) as running, httpx.Client(base_url=running.address) as kept:
        assert kept.get("/health/ready").status_code == 200
        used = psutil.Process(running.process.pid).num_fds()
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (used + 60, used + 60))
        waiting = [connect(running, "") for _ in range(120)]
        time.sleep(3)
        assert kept.get("/health/ready").status_code == 200
        assert psutil.Process(running.process.pid).num_fds() < used + 60
        for connection in waiting:
            connection.close()
        assert httpx.get(f"{running.address}/health/ready", timeout=30).status_code == 200
        assert len([line for line in running.lines if "ERROR" in line]) == 1
        running.wait_for_line("new connections wait")
