"""The promises that hold in every engine, whatever its search looks like. The window is 50; 120 documents are found."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import pytest

from tests.kit.engines.corpus import ALL, WINDOW
from tests.kit.sidecars.lying import LIES, LyingSidecar
from tests.kit.waiting import eventually


class Page(Protocol):
    """An answer: hits in order, and what was said of them."""

    @property
    def status(self) -> int:
        """HTTP status."""
        ...

    @property
    def body(self) -> Any:
        """The whole answer."""
        ...

    @property
    def ids(self) -> list[str]:
        """The hits' ids, in order."""
        ...

    @property
    def scores(self) -> list[float]:
        """The hits' scores, in order."""
        ...

    @property
    def warning(self) -> str:
        """The warning header, or nothing."""
        ...

    @property
    def contents(self) -> dict[str, Any]:
        """The hits by id, without what reranking may change."""
        ...

    @property
    def passages(self) -> list[str]:
        """The passages that the hits make, in order."""
        ...

    @property
    def first_stage(self) -> list[tuple[int, float]]:
        """Each hit's rank and score of the first stage, as an explained answer tells them."""
        ...


class Documents(Protocol):
    """Documents in an engine with Lastly in it, and the sidecar that is called."""

    @property
    def sidecar(self) -> LyingSidecar:
        """The sidecar behind the engine."""
        ...

    @property
    def text(self) -> str:
        """What `page` asks for."""
        ...

    @property
    def request_id(self) -> str:
        """The header that the engine passes on as X-Request-Id."""
        ...

    def page(
        self, size: int = 10, start: int = 0, own: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Page:
        """Search for `text`, with what this search says of its own reranking."""
        ...

    def configured(self, **settings: Any) -> "Documents":
        """Return the documents with these settings of reranking, by their short names."""
        ...

    def count(self, name: str) -> int:
        """Return a counter."""
        ...

    def breaker_open(self) -> bool:
        """Return whether the sidecar is left alone at present."""
        ...


class EveryEngine:
    """Collected through a subclass in each engine's folder, whose conftest gives `corpus`."""

    def test_the_window_is_reranked_and_the_tail_kept(self, corpus: Documents) -> None:
        first = plain(corpus, ALL).ids
        assert corpus.page(ALL).ids == first[:WINDOW][::-1] + first[WINDOW:]
        assert len(corpus.sidecar.calls) == 1

    def test_the_model_gets_the_query_and_the_passages_in_order(self, corpus: Documents) -> None:
        first = plain(corpus, WINDOW)
        corpus.page(1)
        call = corpus.sidecar.calls[0].body
        assert call["query"] == corpus.text
        assert call["documents"] == first.passages

    def test_pages_are_disjoint_and_complete_and_their_scores_fall(self, corpus: Documents) -> None:
        pages = [corpus.page(7, start) for start in range(0, ALL, 7)]
        ids = [hit for page in pages for hit in page.ids][:ALL]
        scores = [score for page in pages for score in page.scores]
        assert ids == corpus.page(ALL).ids
        assert len(set(ids)) == ALL
        assert scores == sorted(scores, reverse=True)
        assert len(set(scores)) == len(scores)

    def test_a_page_across_the_window_s_edge_has_both_sides(self, corpus: Documents) -> None:
        assert corpus.page(10, WINDOW - 5).ids == corpus.page(ALL).ids[WINDOW - 5 : WINDOW + 5]

    def test_a_page_below_the_window_asks_nobody(self, corpus: Documents) -> None:
        corpus.page(start=WINDOW)
        assert corpus.sidecar.calls == []

    def test_hits_are_unchanged_but_for_order_and_score(self, corpus: Documents) -> None:
        assert corpus.page(ALL).contents == plain(corpus, ALL).contents

    def test_a_search_s_own_settings_win(self, corpus: Documents) -> None:
        own = {"query": "pear", "window_size": 5, "explain": True, "instruction": "short"}
        first = plain(corpus, 5)
        answer = corpus.page(5, own=own)
        call = corpus.sidecar.calls[0].body
        assert (call["query"], call["instruction"], len(call["documents"])) == ("pear", "short", 5)
        assert [rank for rank, _ in answer.first_stage] == [5, 4, 3, 2, 1]
        assert [score for _, score in answer.first_stage] == pytest.approx(first.scores[::-1], rel=1e-5)

    @pytest.mark.parametrize(
        "own", [{"windw": 3}, {"window_size": 0}, {"window_size": 1001}, {"enabled": "yes"}, {"timeout": "1s"}]
    )
    def test_a_wrong_key_or_value_of_a_search_is_refused_by_name(self, corpus: Documents, own: dict[str, Any]) -> None:
        answer = corpus.page(own=own)
        assert answer.status == 400
        assert next(iter(own)) in str(answer.body)

    @pytest.mark.parametrize("lie", LIES)
    def test_a_lying_sidecar_changes_nothing(self, corpus: Documents, lie: str) -> None:
        corpus.sidecar.answer = LIES[lie]
        answer = corpus.page(60)
        same_as_first_stage(answer, corpus, 60)
        assert "bad_answer" in answer.warning

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (400, "status_400"),
            (401, "unauthorized"),
            (413, "status_413"),
            (429, "busy"),
            (500, "status_500"),
            (503, "not_ready"),
            (504, "timeout"),
        ],
    )
    def test_a_refusing_sidecar_changes_nothing(self, corpus: Documents, status: int, reason: str) -> None:
        corpus.sidecar.status = status
        answer = corpus.page()
        same_as_first_stage(answer, corpus)
        assert reason in answer.warning
        assert corpus.text not in answer.warning

    def test_a_slow_sidecar_costs_no_more_than_the_timeout(self, corpus: Documents) -> None:
        hasty = corpus.configured(timeout="300ms")
        corpus.sidecar.delay_s = 5
        started = time.monotonic()
        answer = hasty.page()
        assert time.monotonic() - started < 1.5
        assert "timeout" in answer.warning
        same_as_first_stage(answer, corpus)

    def test_fail_gives_a_clear_error(self, corpus: Documents) -> None:
        failing = corpus.configured(on_failure="fail")
        corpus.sidecar.status = 500
        answer = failing.page()
        assert answer.status == 503
        assert "lastly: not reranked (status_500)" in str(answer.body)
        assert corpus.text not in str(answer.body)

    def test_shadow_calls_and_counts_and_leaves_the_order(self, corpus: Documents) -> None:
        shadowed = corpus.configured(mode="shadow")
        before = corpus.count("shadowed")
        same_as_first_stage(shadowed.page(60), corpus, 60)
        assert eventually(lambda: len(corpus.sidecar.calls) == 1)
        assert eventually(lambda: corpus.count("shadowed") > before)

    def test_the_breaker_opens_on_a_sick_sidecar_and_closes_on_a_well_one(self, corpus: Documents) -> None:
        corpus.sidecar.status = 500
        for _ in range(8):
            corpus.page()
        assert len(corpus.sidecar.calls) < 8
        assert eventually(corpus.breaker_open)
        corpus.sidecar.status = 200
        first = plain(corpus).ids
        assert eventually(lambda: corpus.page().ids != first)
        assert eventually(lambda: not corpus.breaker_open())

    def test_many_searches_at_once_lose_nothing(self, corpus: Documents) -> None:
        expected = corpus.page().ids
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: corpus.page(), range(300)))
        assert {tuple(answer.ids) for answer in answers} == {tuple(expected)}

    def test_request_ids_and_the_time_left_reach_the_sidecar(self, corpus: Documents) -> None:
        corpus.page(headers={corpus.request_id: "me-1"})
        headers = corpus.sidecar.calls[0].headers
        assert headers["x-request-id"] == "me-1"
        assert 0 < int(headers["x-request-timeout-ms"]) <= 5000


def plain(corpus: Documents, size: int = 10) -> Page:
    """Search with reranking switched off for this search."""
    return corpus.page(size, own={"enabled": False})


def same_as_first_stage(answer: Page, corpus: Documents, size: int = 10) -> None:
    """Hold an answer against the first stage's."""
    first = plain(corpus, size)
    assert (answer.status, answer.ids, answer.scores) == (200, first.ids, first.scores)
