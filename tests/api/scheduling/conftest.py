"""A reranker on one thread."""

from pathlib import Path

import pytest

from lastly.graph.opening import GraphOptions
from lastly.ranking.reranker import Reranker


@pytest.fixture(scope="module")
def reranker(small_model: Path) -> Reranker:
    return Reranker.load(small_model, GraphOptions(threads=1))
