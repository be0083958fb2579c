"""One caller cannot take the sidecar from the others, whatever its calls hold."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.kit.sidecars.in_process import CALL
from tests.kit.sidecars.process import Sidecar, sidecar

ENDLESS = {"query": "a question", "documents": ["b " * 3_300_000], "max_doc_length": 100_000}


def post(running: Sidecar, body: Mapping[str, object], timeout_ms: int = 30_000) -> int:
    headers = {"X-Request-Timeout-Ms": str(timeout_ms)}
    return httpx.post(f"{running.address}/v1/rerank", json=body, headers=headers, timeout=90).status_code


def test_calls_without_end_beside_honest_ones() -> None:
    with sidecar("--drain-timeout-s", "1") as running, ThreadPoolExecutor(4) as callers:
        for _ in range(80):
            post(running, CALL, 1)
        over = threading.Event()

        def attack() -> None:
            while not over.is_set():
                post(running, ENDLESS)

        attacks = [callers.submit(attack) for _ in range(2)]
        time.sleep(1)
        statuses = Counter(post(running, CALL, 10_000) for _ in range(20))
        assert statuses == {200: 20}
        assert httpx.get(f"{running.address}/health/ready", timeout=10).status_code == 200
        over.set()
        started = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
        assert time.monotonic() - started < 15
        for each in attacks:
            assert each.exception(60) is None or isinstance(each.exception(), httpx.HTTPError)


def test_a_pause_of_the_process_is_no_evidence() -> None:
    """The paused call is the first of its size: what is learnt from it counts in full."""
    body = {"query": "tea", "documents": ["a longer text about tea " * 10] * 10}
    with sidecar() as running, ThreadPoolExecutor(1) as caller:
        started = time.monotonic()
        paused = caller.submit(post, running, body)
        time.sleep(0.1)
        running.process.send_signal(signal.SIGSTOP)
        time.sleep(8)
        running.process.send_signal(signal.SIGCONT)
        assert paused.result(60) == 200
        assert time.monotonic() - started > 8
        assert Counter(post(running, body, 3500) for _ in range(5)) == {200: 5}
