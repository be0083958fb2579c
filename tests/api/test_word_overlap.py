"""What the query's words count in a score: the model says it, the settings overrule it, a call both."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from lastly.config import Settings
from lastly.evaluation.rerankers import FolderReranker
from lastly.ranking.steps import finish
from lastly.ranking.word_overlap import overlaps
from tests.kit.sidecars.in_process import CALL, serving, small_settings


def scores(client: TestClient, **more: Any) -> list[float]:
    """Return the scores of one call, in the order of its documents."""
    results = client.post("/v1/rerank", json=CALL | more).json()["results"]
    return [result["relevance_score"] for result in sorted(results, key=lambda result: result["index"])]


def mixed(cosines: list[float], weight: float) -> list[float]:
    """Count the words in as docs/adr/0047-words.md has it."""
    found = finish(overlaps(CALL["query"], CALL["documents"])).tolist()  # type: ignore[arg-type]
    return [(1 - weight) * cosine + weight * match for cosine, match in zip(cosines, found, strict=True)]


def test_lastly_mini_counts_words_for_an_eighth(client: TestClient) -> None:
    cosines = scores(client, lexical_weight=0)
    assert scores(client) == pytest.approx(mixed(cosines, 0.125), abs=1e-6)
    assert scores(client) != pytest.approx(cosines, abs=1e-3)


def test_a_model_in_the_published_layout_scores_by_the_cosine_alone(small: TestClient) -> None:
    assert scores(small) == scores(small, lexical_weight=0)


def test_a_call_says_what_words_count(small: TestClient) -> None:
    assert scores(small, lexical_weight=0.5) == pytest.approx(mixed(scores(small), 0.5), abs=1e-6)
    assert scores(small, lexical_weight=1) == [1, 0, 1]


def test_the_settings_overrule_the_model_and_a_call_both(small: TestClient, small_model: Path) -> None:
    with serving(Settings(**small_settings(small_model, lexical_weight=1.0))) as client:
        assert scores(client) == [1, 0, 1]
        assert scores(client, lexical_weight=0) == pytest.approx(scores(small), abs=1e-6)


def test_an_evaluation_says_what_words_count(small_model: Path) -> None:
    query, documents = "tea", ["a bicycle", "green tea", "a river", "black tea"]
    assert FolderReranker(small_model, lexical_weight=1.0).rerank(query, documents).places == [1, 3, 0, 2]
