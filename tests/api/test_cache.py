"""Equal calls are answered from memory where that is wanted; calls that differ in anything are not."""

import re
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from lastly.config import Settings
from lastly.scheduling.metrics import Metrics
from lastly.serving.cache import ResultCache
from lastly.types import Ranked, Ranking
from tests.kit.sidecars.in_process import CALL, serving, small_settings


def hits(client: TestClient) -> float:
    found = re.search(r'^lastly_cache_requests_total\{result="hit"\} (\S+)$', client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.fixture(scope="module")
def cached(small_model: Path) -> Any:
    with serving(Settings(**small_settings(small_model, cache_bytes=1 << 20))) as client:
        yield client


def test_an_equal_call_is_answered_from_memory_and_alike(cached: TestClient) -> None:
    for options in ({}, {"return_embeddings": True}, {"top_n": 1}, {"return_documents": True}):
        first = cached.post("/v1/rerank", json=CALL | options).json()
        before = hits(cached)
        assert cached.post("/v1/rerank", json=CALL | options).json() == first
        assert hits(cached) == before + 1


@pytest.mark.parametrize(
    "change",
    [
        {"query": "coffee"},
        {"documents": ["green tea", "a bicycle"]},
        {"documents": ["green teaa", " bicycle", "black tea"]},
        {"documents": ["a bicycle", "green tea", "black tea"]},
        {"instruction": "prefer green"},
        {"instruction": ""},
        {"max_doc_length": 1},
        {"max_query_length": 1},
        {"long_documents": "excerpt"},
        {"lexical_weight": 0.25},
        {"return_embeddings": True},
    ],
)
def test_a_call_that_differs_is_ranked_anew(small_model: Path, change: dict[str, Any]) -> None:
    with serving(Settings(**small_settings(small_model, cache_bytes=1 << 20))) as client:
        client.post("/v1/rerank", json=CALL)
        client.post("/v1/rerank", json=CALL | change)
        assert hits(client) == 0


def test_without_the_setting_nothing_is_kept(small: TestClient) -> None:
    small.post("/v1/rerank", json=CALL)
    small.post("/v1/rerank", json=CALL)
    assert hits(small) == 0


def test_the_bound_in_bytes_holds_and_the_oldest_goes_first() -> None:
    cache = ResultCache(2000, Metrics())
    for number in range(5):
        cache.put(bytes([number]), Ranking([], number, 1), embeddings=False)
    assert cache._size <= 2000
    assert cache.get(b"\x00") is None
    kept = cache.get(b"\x04")
    assert kept is not None
    assert kept.tokens == 4


@pytest.mark.parametrize(("documents", "width", "embeddings"), [(1, 0, False), (50, 0, False), (50, 256, True)])
def test_the_bound_is_one_of_real_memory(documents: int, width: int, embeddings: bool) -> None:
    """Whatever fills it: small results cost their overhead, large ones their arrays."""
    bound = 4 << 20
    rows = np.zeros((documents, width), np.float32)
    ranking = Ranking([Ranked(place, 0.5, row) for place, row in enumerate(rows)], tokens=1, blocks=1)
    tracemalloc.start()
    try:
        cache = ResultCache(bound, Metrics())
        before = tracemalloc.get_traced_memory()[0]
        for number in range(12_000 if documents == 1 else 6_000):
            cache.put(number.to_bytes(32, "little"), ranking, embeddings=embeddings)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.5 * bound < grown < 1.1 * bound
    assert cache._size <= bound


def test_the_bytes_kept_are_counted(cached: TestClient) -> None:
    before = kept_bytes(cached)
    cached.post("/v1/rerank", json=CALL | {"query": "a query that nobody asked before"})
    assert before < kept_bytes(cached) <= 1 << 20


def kept_bytes(client: TestClient) -> float:
    found = re.search(r"^lastly_cache_bytes (\S+)$", client.get("/metrics").text, re.MULTILINE)
    assert found
    return float(found[1])
