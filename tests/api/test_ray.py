"""Replicas on a real local Ray cluster: they answer alike, and one that dies is replaced without a failed call."""

import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import ray

from lastly.config import Settings
from lastly.ray_serve import deployed
from tests.api.conftest import CALL, small_settings


@pytest.fixture(scope="module")
def address(small_model: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    paths = {"env_vars": {"PYTHONPATH": str(Path(__file__).parents[2])}}
    ray.init(num_cpus=4, include_dashboard=False, runtime_env=paths, log_to_driver=False)
    settings = small_settings(small_model, threads=1, port=port, ray_min_replicas=2, ray_max_replicas=2)
    try:
        with deployed(Settings(**settings)) as address:
            yield address
    finally:
        ray.shutdown()


def replicas() -> set[int]:
    """Give the process ids of the replicas that this test's cluster runs."""
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
    deadline = time.monotonic() + 90
    while len(replicas() - {victim}) < 2:
        assert time.monotonic() < deadline, "the replica was not replaced"
        time.sleep(0.5)
    assert call(address) == first
