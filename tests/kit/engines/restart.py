"""Searches in a real engine go on while its sidecar is killed or stopped, and started again at the same address."""

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from tests.kit.engines.engine import Answer, Corpus
from tests.kit.sidecars.real import RealSidecar
from tests.kit.waiting import eventually

QUERIES = tuple({"match": {"body": f"apple w{number}x1 w{number + 5}x2"}} for number in range(20, 60, 4))
WAIT_S = 120.0  # for anything that must happen, on a machine whose cores are taken


@dataclass(frozen=True)
class Seen:
    """An answer to one of QUERIES, when it came and what it took, in seconds."""

    query: int
    answer: Answer
    at: float
    took: float

    @property
    def reranked(self) -> bool:
        """Whether the sidecar's answer was used."""
        return "lastly" not in self.answer.warning.lower()


@dataclass
class Searches:
    """What many callers saw; `back` is when the sidecar was there again."""

    seen: list[Seen] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    back: float = float("inf")

    def reranked(self, after: float = 0.0) -> int:
        """Count the searches that were reranked, from a time on."""
        return sum(seen.reranked and seen.at > after for seen in self.seen)

    def kept(self) -> int:
        """Count the searches that kept the first-stage order because the sidecar gave none."""
        return len(self.seen) - self.reranked()

    def milliseconds(self) -> tuple[float, float]:
        """Return the median and the 99th percentile of a search."""
        shares = quantiles([seen.took * 1000 for seen in self.seen], n=100)
        return shares[49], shares[98]


def search_through_a_restart(
    corpus: Corpus, sidecar: RealSidecar, how: signal.Signals, callers: int = 16, calm_s: float = 0.0
) -> Searches:
    """Search by many callers; end the sidecar with a signal, start it again; `calm_s` is left between the events."""
    searches = Searches()
    with _searching(corpus, searches, callers):
        _wait(lambda: searches.reranked() > callers, calm_s)
        sidecar.send(how)
        _wait(lambda: searches.kept() > callers, calm_s)
        if sidecar.process is not None:
            sidecar.process.wait(WAIT_S)  # one that drains still holds its address
        sidecar.start()
        searches.back = time.monotonic()
        _wait(lambda: searches.reranked(searches.back) > callers, calm_s)
    return searches


def check(corpus: Corpus, searches: Searches) -> None:
    """Assert that nothing failed, no hit was lost, and every order is the first stage's or the model's."""
    first = [corpus.plain(query).ids for query in QUERIES]
    second = [corpus.search(query).ids for query in QUERIES]
    assert searches.failed == []
    assert {seen.answer.status for seen in searches.seen} == {200}
    for seen in searches.seen:
        assert seen.answer.ids == (second if seen.reranked else first)[seen.query]
    assert any(one != other for one, other in zip(first, second, strict=True)), "the model changes no order"


@contextmanager
def _searching(corpus: Corpus, searches: Searches, callers: int) -> Iterator[None]:
    over = threading.Event()

    def caller(number: int) -> None:
        while not over.is_set():
            number = (number + 1) % len(QUERIES)
            started = time.monotonic()
            try:
                answer = corpus.search(QUERIES[number])
            except Exception as error:  # whatever a client raises is a failed search
                searches.failed.append(type(error).__name__)
                continue
            now = time.monotonic()
            searches.seen.append(Seen(number, answer, now, now - started))

    with ThreadPoolExecutor(callers) as pool:
        asked = [pool.submit(caller, number) for number in range(callers)]
        try:
            yield
        finally:
            over.set()
        for one in asked:
            one.result(WAIT_S)


def _wait(true: Any, calm_s: float) -> None:
    time.sleep(calm_s)
    assert eventually(true, WAIT_S)
