"""The real sidecar with a real model behind the container: its scores arrive, its real faults cost no search."""

import signal
import threading
import time
from typing import Any

import pytest

from tests.kit.sidecars.real import RealSidecar
from tests.kit.vespa.container import Container, Found
from tests.kit.waiting import eventually

QUESTION = "how do I read a file line by line?"
TIMEOUT_S = 3.0


def search(container: Container, **parameters: Any) -> Found:
    return container.search(QUESTION, timeout="20s", searchChain="real", **parameters)


def wait_until_reranked(container: Container) -> None:
    deadline = time.monotonic() + 60
    while search(container).annotation:
        assert time.monotonic() < deadline, "the sidecar that is back is not used"
        time.sleep(0.3)


def test_hits_have_the_scores_that_the_model_gives(vespa: Container, real_sidecar: RealSidecar) -> None:
    wait_until_reranked(vespa)
    found = search(vespa, hits=10, lastly__explain=True)
    first = sorted(found.hits, key=lambda hit: hit["fields"]["lastly_first_stage_rank"])
    passages = [f"{hit['fields']['title']}\n{hit['fields']['text']}" for hit in first]
    scores = real_sidecar.scores(QUESTION, passages, max_doc_length=64)
    expected = {hit["id"]: score for hit, score in zip(first, scores, strict=True)}
    assert {hit["id"]: hit["relevance"] for hit in found.hits} == pytest.approx(expected, abs=1e-5)
    assert found.relevance == sorted(found.relevance, reverse=True)


def test_a_stopped_sidecar_costs_the_timeout_and_is_used_again_when_it_goes_on(
    vespa: Container, real_sidecar: RealSidecar
) -> None:
    first = search(vespa, lastly__enabled=False)
    real_sidecar.send(signal.SIGSTOP)
    try:
        stopped = search(vespa)
    finally:
        real_sidecar.send(signal.SIGCONT)
    assert (stopped.ids, stopped.relevance) == (first.ids, first.relevance)
    assert stopped.annotation["failed"] == "timeout"
    assert stopped.took_s < TIMEOUT_S + 1.0
    wait_until_reranked(vespa)


def test_a_sidecar_killed_while_it_is_searched_loses_nothing_and_is_used_again_when_it_is_back(
    vespa: Container, real_sidecar: RealSidecar
) -> None:
    first = search(vespa, lastly__enabled=False)
    answers: list[Found] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            answers.append(search(vespa))

    callers = [threading.Thread(target=work) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        assert eventually(lambda: len(answers) > 8, 60)
        real_sidecar.send(signal.SIGKILL)
        assert eventually(lambda: sum(bool(answer.annotation) for answer in answers) > 20, 60)
    finally:
        over.set()
        for caller in callers:
            caller.join(30)
        real_sidecar.start()
    assert {answer.status for answer in answers} == {200}
    assert all(sorted(answer.ids) == sorted(first.ids) for answer in answers)
    kept = [answer for answer in answers if answer.annotation]
    assert all((answer.ids, answer.relevance) == (first.ids, first.relevance) for answer in kept)
    wait_until_reranked(vespa)
