"""The real sidecar with a real model behind the container: its scores arrive, its real faults cost no search."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from lastly.config import embedded_model
from onnx_export.export import export
from tests.engines.vespa.conftest import REAL_SIDECAR_PORT
from tests.engines.vespa.container import Container, Found
from tests.model.checkpoints import QWEN3, write_checkpoint

QUESTION = "how do I read a file line by line?"
TIMEOUT_S = 3.0


class Sidecar:
    """`lastly serve` as a process that can be stopped, killed and started again at the same address."""

    url = f"http://127.0.0.1:{REAL_SIDECAR_PORT}"

    def __init__(self, model: Path) -> None:
        self._model = model
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "lastly",
            "serve",
            "--port",
            str(REAL_SIDECAR_PORT),
            "--model",
            str(self._model),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while not self._ready():
            assert self.process.poll() is None, "the sidecar ended"
            assert time.monotonic() < deadline, "the sidecar did not start"
            time.sleep(0.1)

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)
        if number == signal.SIGKILL:
            self.process.wait()

    def scores(self, query: str, documents: list[str], length: int) -> dict[int, float]:
        body = json.dumps({"query": query, "documents": documents, "max_doc_length": length}).encode()
        request = urllib.request.Request(f"{self.url}/v1/rerank", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return {result["index"]: result["relevance_score"] for result in json.load(response)["results"]}

    def _ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/health/ready", timeout=1) as response:
            return bool(response.status == 200)
        return False


@pytest.fixture(scope="module")
def sidecar_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """The embedded model; a random one of its architecture in a checkout that has none."""
    model = embedded_model()
    if not model.is_dir():
        model = tmp_path_factory.mktemp("model") / "random"
        export(write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "random", QWEN3), model)
    sidecar = Sidecar(model)
    sidecar.start()
    yield sidecar
    sidecar.send(signal.SIGCONT)
    sidecar.send(signal.SIGKILL)


def search(container: Container, **parameters: object) -> Found:
    return container.search(QUESTION, timeout="20s", searchChain="real", **parameters)


def wait_until_reranked(container: Container) -> None:
    deadline = time.monotonic() + 60
    while search(container).annotation:
        assert time.monotonic() < deadline, "the sidecar that is back is not used"
        time.sleep(0.3)


def test_hits_have_the_scores_that_the_model_gives(vespa: Container, sidecar_process: Sidecar) -> None:
    wait_until_reranked(vespa)
    found = search(vespa, hits=10, lastly__explain=True)
    first = sorted(found.hits, key=lambda hit: hit["fields"]["lastly_first_stage_rank"])
    passages = [f"{hit['fields']['title']}\n{hit['fields']['text']}" for hit in first]
    scores = {first[at]["id"]: score for at, score in sidecar_process.scores(QUESTION, passages, 64).items()}
    assert {hit["id"]: hit["relevance"] for hit in found.hits} == pytest.approx(scores, abs=1e-5)
    assert found.relevance == sorted(found.relevance, reverse=True)


def test_a_stopped_sidecar_costs_the_timeout_and_is_used_again_when_it_goes_on(
    vespa: Container, sidecar_process: Sidecar
) -> None:
    first = search(vespa, lastly__enabled=False)
    sidecar_process.send(signal.SIGSTOP)
    try:
        stopped = search(vespa)
    finally:
        sidecar_process.send(signal.SIGCONT)
    assert (stopped.ids, stopped.relevance) == (first.ids, first.relevance)
    assert stopped.annotation["failed"] == "timeout"
    assert stopped.took_s < TIMEOUT_S + 1.0
    wait_until_reranked(vespa)


def test_a_killed_sidecar_costs_nothing_and_is_used_again_when_it_is_back(
    vespa: Container, sidecar_process: Sidecar
) -> None:
    first = search(vespa, lastly__enabled=False)
    sidecar_process.send(signal.SIGKILL)
    for _ in range(8):
        dead = search(vespa)
        assert (dead.ids, dead.relevance) == (first.ids, first.relevance)
        assert dead.annotation["failed"] in ("unreachable", "broken", "breaker_open")
        assert dead.took_s < 1.0
    sidecar_process.start()
    wait_until_reranked(vespa)
