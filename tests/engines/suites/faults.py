"""Real faults: the real sidecar killed, stopped, restarted; slow and failing ones. No search fails, no hit is lost."""

import signal
import threading
import time
from typing import Any

import pytest

from tests.kit.engines.engine import Corpus
from tests.kit.nodes.search_node import SearchNode
from tests.kit.sidecars.real import RealSidecar
from tests.kit.waiting import eventually

TEXT: dict[str, Any] = {"match": {"body": "apple w5x1 w90x2"}}


class Faults:
    """Collected through a subclass in each engine's folder."""

    def test_hits_have_the_scores_that_the_model_gives(
        self, really_reranked: Corpus, real_sidecar: RealSidecar
    ) -> None:
        first = really_reranked.plain(TEXT, size=5).body["hits"]["hits"]
        passages = [f"{hit['_source']['title']}\n{hit['_source']['body'].strip()}" for hit in first]
        scores = real_sidecar.scores("apple w5x1 w90x2", passages)
        expected = {hit["_id"]: score for hit, score in zip(first, scores, strict=True)}
        answer = really_reranked.search(TEXT, size=5)
        assert dict(zip(answer.ids, answer.scores, strict=True)) == pytest.approx(expected, abs=1e-4)
        assert answer.scores == sorted(answer.scores, reverse=True)

    def test_a_stopped_sidecar_costs_the_timeout_and_is_used_when_it_goes_on(
        self, really_reranked: Corpus, real_sidecar: RealSidecar
    ) -> None:
        first = really_reranked.plain(TEXT)
        really_reranked.configure(timeout="500ms")
        real_sidecar.send(signal.SIGSTOP)
        try:
            started = time.monotonic()
            stopped = really_reranked.search(TEXT)
            took = time.monotonic() - started
        finally:
            real_sidecar.send(signal.SIGCONT)
        assert (stopped.ids, stopped.scores) == (first.ids, first.scores)
        assert "timeout" in stopped.warning
        assert took < 2.0
        really_reranked.configure(timeout="20s")
        assert eventually(lambda: not really_reranked.search(TEXT).warning, 60)

    def test_a_sidecar_killed_while_it_is_searched_loses_nothing_and_is_used_when_it_is_back(
        self, really_reranked: Corpus, real_sidecar: RealSidecar
    ) -> None:
        first = really_reranked.plain(TEXT).ids
        answers: list[Any] = []
        over = threading.Event()

        def search() -> None:
            while not over.is_set():
                answers.append(really_reranked.search(TEXT))

        callers = [threading.Thread(target=search) for _ in range(4)]
        for caller in callers:
            caller.start()
        try:
            assert eventually(lambda: len(answers) > 8, 60)
            real_sidecar.send(signal.SIGKILL)
            assert eventually(lambda: sum(bool(answer.warning) for answer in answers) > 20, 60)
        finally:
            over.set()
            for caller in callers:
                caller.join(30)
            real_sidecar.start()
        assert {answer.status for answer in answers} == {200}
        assert all(sorted(answer.ids) == sorted(first) for answer in answers)
        assert all(answer.ids == first for answer in answers if answer.warning)
        assert eventually(lambda: not really_reranked.search(TEXT).warning, 60)

    def test_a_sidecar_that_is_five_seconds_late_slows_no_more_searches_than_the_breaker_allows(
        self, corpus: Corpus
    ) -> None:
        corpus.configure(timeout="300ms")
        corpus.sidecar.delay_s = 5
        first = corpus.plain().ids
        started = time.monotonic()
        answers = [corpus.search() for _ in range(40)]
        assert all(answer.ids == first for answer in answers)
        assert time.monotonic() - started < 40 * 0.3  # without the breaker each search waits its 300 ms
        assert any("breaker_open" in answer.warning for answer in answers)
        corpus.sidecar.delay_s = 0
        assert eventually(lambda: not corpus.search().warning)

    def test_a_sidecar_that_fails_under_load_loses_nothing(self, corpus: Corpus) -> None:
        corpus.sidecar.status = 500
        first = corpus.plain(TEXT)
        answers = [corpus.search(TEXT) for _ in range(20)]
        assert all((answer.status, answer.ids, answer.scores) == (200, first.ids, first.scores) for answer in answers)
        assert any("status_500" in answer.warning for answer in answers)

    def test_the_log_holds_no_text_of_the_user(self, corpus: Corpus, own_node: SearchNode | None) -> None:
        if own_node is None:
            pytest.skip("a node that was running already keeps its log to itself")
        corpus.sidecar.status = 500
        corpus.search({"match": {"body": "apple secretword"}})
        assert "secretword" not in own_node.log
