"""Starts `lastly serve` with nothing set but model and provider, and asks it."""

import time
from pathlib import Path

import httpx

from tests.kit.sidecars.process import Sidecar

_READY_S = 10.0
_FAULTS = ("not recorded", "given up", "warming", "Traceback")


def served(folder: Path, provider: str) -> str:
    """Return how long it took to be ready; raises AssertionError where it was late, failed, or complained."""
    started = time.monotonic()
    sidecar = Sidecar("--provider", provider, "--model", str(folder))
    try:
        sidecar.wait_until_ready()
        ready = time.monotonic() - started
        firsts = [_ask(sidecar.address, count) for count in (1, 20, 50)]
        faults = [line for line in sidecar.lines if any(each in line for each in _FAULTS)]
        assert not faults, faults
        assert ready <= _READY_S, f"ready after {ready:.1f} s"
        told = ", ".join(f"{1e3 * seconds:.0f}" for seconds in firsts)
        return f"ready after {ready:.1f} s; first calls of 1, 20 and 50 documents: {told} ms"
    finally:
        sidecar.process.terminate()
        sidecar.process.wait(30)


def _ask(address: str, documents: int) -> float:
    texts = [f"document {number} " + "of many words " * 20 for number in range(documents)]
    started = time.monotonic()
    answer = httpx.post(f"{address}/v1/rerank", json={"query": "words", "documents": texts}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["results"]) == documents, answer.text
    return time.monotonic() - started
