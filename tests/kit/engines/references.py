"""Hits are counted references in Elasticsearch: what was lost shows in the node's log."""

import pytest

from tests.kit.engines.engine import Corpus
from tests.kit.nodes.elasticsearch import ElasticsearchNode


def check_released(corpus: Corpus, node: ElasticsearchNode | None) -> None:
    """Collect what was lost; the engine looks for it when it next tracks an object, in a search."""
    if node is None:
        pytest.skip("the node of LASTLY_TEST_ELASTICSEARCH keeps its log to itself")
    for _ in range(2):
        node.collect_garbage()
        corpus.plain()
    assert "LEAK" not in node.log, node.log[node.log.index("LEAK") :][:6000]
    assert "AssertionError" not in node.log
