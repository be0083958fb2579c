"""Beside neural search and k-NN: hybrid queries with a normalisation pipeline, vectors, the built-in reranker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.opensearch.conftest import QUICK_BREAKER
from tests.kit.engines.articles import index_articles, restored
from tests.kit.engines.corpus import ALL, WINDOW
from tests.kit.engines.engine import Answer, Corpus, at
from tests.kit.engines.opensearch import OpenSearchEngine
from tests.kit.nodes.opensearch import OpenSearchNode, engine_plugin
from tests.kit.sidecars.lying import LyingSidecar

pytestmark = pytest.mark.timeout(600)
VECTOR = {"type": "knn_vector", "dimension": 2, "method": {"name": "hnsw", "engine": "lucene", "space_type": "l2"}}
HYBRID: dict[str, Any] = {
    "hybrid": {
        "queries": [{"match": {"body": "apple"}}, {"match": {"title": "article apple"}}],
        "pagination_depth": ALL,
    }
}
NORMALISED = {"phase_results_processors": [{"normalization-processor": {"normalization": {"technique": "min_max"}}}]}


@pytest.fixture(scope="module")
def neural_corpus(plugin: Path, lying_sidecar: LyingSidecar) -> Iterator[Corpus]:
    """The corpus in a node with neural search and k-NN, its vectors mapped as such."""
    more = (engine_plugin("opensearch-knn"), engine_plugin("neural-search"))
    node = OpenSearchNode(plugin, QUICK_BREAKER, more_plugins=more)
    try:
        engine = OpenSearchEngine(node.start().url)
        yield index_articles(engine, lying_sidecar, VECTOR, **{"index.knn": True})
        engine.close()
    finally:
        node.close()


@pytest.fixture
def neural(neural_corpus: Corpus) -> Corpus:
    """The corpus with the pipeline `normalised`."""
    made = neural_corpus.engine.request("PUT", "/_search/pipeline/normalised", NORMALISED)
    assert made.status == 200, made.body
    return restored(neural_corpus)


def search(corpus: Corpus, query: Any, pipeline: str = "normalised", **body: Any) -> Answer:
    path = f"/{corpus.index}/_search?search_pipeline={pipeline}"
    return corpus.engine.request("POST", path, {"query": query, **body})


def test_a_hybrid_query_s_normalised_window_is_reranked(neural: Corpus) -> None:
    first = search(neural, HYBRID, size=ALL, ext={"lastly": {"enabled": False}})
    assert len(first.ids) == ALL, first.body
    answer = search(neural, HYBRID, size=ALL)
    assert answer.ids == first.ids[:WINDOW][::-1] + first.ids[WINDOW:]
    assert neural.sidecar.calls[0].body["query"] == "apple article apple"


def test_pages_of_a_hybrid_query_are_disjoint_and_complete(neural: Corpus) -> None:
    whole = search(neural, HYBRID, size=ALL).ids
    pages = [search(neural, HYBRID, size=20, **at(start)) for start in range(0, ALL, 20)]
    assert [hit for page in pages for hit in page.ids] == whole


def test_a_later_page_of_a_hybrid_query_without_a_depth_is_refused_as_without_lastly(neural: Corpus) -> None:
    shallow = {"hybrid": {"queries": HYBRID["hybrid"]["queries"]}}
    on = search(neural, shallow, **at(10))
    off = search(neural, shallow, **at(10), ext={"lastly": {"enabled": False}})
    assert (on.status, on.body["error"]["reason"]) == (off.status, off.body["error"]["reason"])
    assert on.status == 400
    assert neural.sidecar.calls == []


def test_a_vector_s_neighbours_have_no_text_and_are_left_alone(neural: Corpus) -> None:
    answer = search(neural, {"knn": {"vector": {"vector": [1.0, 3.0], "k": 10}}}, "_none")
    assert len(answer.ids) == 10, answer.body
    assert neural.sidecar.calls == []


def test_a_vector_s_neighbours_are_reranked_for_a_text_that_the_search_gives(neural: Corpus) -> None:
    query = {"knn": {"vector": {"vector": [1.0, 3.0], "k": 10}}}
    first = search(neural, query, "_none", size=WINDOW).ids
    assert search(neural, query, "_none", size=WINDOW, ext={"lastly": {"query": "apple"}}).ids == first[::-1]


def test_the_built_in_reranker_works_on_its_own_page(neural: Corpus) -> None:
    by_field = {"rerank": {"by_field": {"target_field": "number"}}}
    made = neural.engine.request("PUT", "/_search/pipeline/theirs", {"response_processors": [by_field]})
    assert made.status == 200, made.body
    query = {"match": {"body": "apple"}}
    answer = search(neural, query, "theirs")
    assert answer.status == 200, answer.body
    assert sorted(answer.ids) == sorted(neural.plain().ids)
    assert neural.sidecar.calls == []
