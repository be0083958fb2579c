"""Replicas on a real local Ray cluster: they answer alike, one that dies is replaced, and a queue brings more."""

import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
import ray

from lastly.config import Settings
from lastly.serving.ray_serve import deployed
from tests.kit.sidecars.in_process import CALL, small_settings


@pytest.fixture(scope="module")
def address(small_model: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    paths = {"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}}
    os.environ["RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S"] = "60"  # of 5, after which a busy machine's proxy is killed
    ray.init(num_cpus=4, include_dashboard=False, runtime_env=paths, log_to_driver=False)
    settings = small_settings(
        small_model, threads=1, port=port, ray_min_replicas=2, ray_max_replicas=3, ray_target_requests=2
    )
    try:
        with deployed(Settings(**settings)) as address:
            yield address
    finally:
        ray.shutdown()
        del os.environ["RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S"]


def replicas() -> set[int]:
    """Return the process ids of the replicas that this test's cluster runs."""
    found = (process for process in psutil.Process().children(recursive=True) if "ServeReplica" in process.name())
    return {process.pid for process in found} or {
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any("ServeReplica:lastly" in part for part in process.info["cmdline"] or [])
    }


def call(address: str) -> tuple[int, str]:
    answer = httpx.post(f"{address}/v1/rerank", json=CALL, timeout=30)
    return answer.status_code, answer.text


def test_replicas_answer_alike_and_the_death_of_one_is_survived(address: str) -> None:
    first = call(address)
    assert first[0] == 200
    before = replicas()
    assert len(before) == 2
    victim = before.pop()
    os.kill(victim, signal.SIGKILL)
    statuses = Counter(call(address)[0] for _ in range(50))
    # Only calls that were inside the dead replica, or reached it before Ray noticed, may fail.
    assert statuses[200] >= 45, statuses
    assert eventually(lambda: len(replicas() - {victim}) == 2), "the replica was not replaced"
    assert call(address) == first


def test_calls_that_queue_bring_another_replica(address: str) -> None:
    """Sixteen callers at two replicas keep eight calls inside each, where two are aimed at."""
    assert len(replicas()) == 2
    over, statuses = threading.Event(), Counter[int]()

    def caller() -> None:
        body = {"query": "tea", "documents": ["a longer text about tea " * 20] * 10}
        while not over.is_set():
            statuses[httpx.post(f"{address}/v1/rerank", json=body, timeout=60).status_code] += 1

    with ThreadPoolExecutor(16) as callers:
        asked = [callers.submit(caller) for _ in range(16)]
        try:
            assert eventually(lambda: len(replicas()) == 3), statuses
        finally:
            over.set()
        for one in asked:
            one.result(90)
    # On a machine whose cores are taken a replica may refuse what it can't do in time; nothing may break.
    assert set(statuses) <= {200, 429, 504}, statuses
    assert statuses[200] > 0


def eventually(true: Callable[[], bool], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True
