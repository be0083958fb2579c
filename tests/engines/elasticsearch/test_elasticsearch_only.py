"""What only Elasticsearch has: retrievers, knn, reference counts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.kit.engines.corpus import ALL, WINDOW
from tests.kit.engines.engine import Corpus, at
from tests.kit.engines.references import check_released
from tests.kit.nodes.elasticsearch import ElasticsearchNode

APPLE: dict[str, Any] = {"standard": {"query": {"match": {"body": "apple"}}}}


def test_a_standard_retriever_is_reranked_as_its_query(corpus: Corpus) -> None:
    answer = corpus.search(retriever=APPLE, size=ALL)
    assert answer.ids == corpus.search(size=ALL).ids
    assert corpus.sidecar.calls[0].body["query"] == "apple"


def test_a_knn_retriever_is_reranked_where_the_search_says_the_text(corpus: Corpus) -> None:
    knn = {"knn": {"field": "vector", "query_vector": [1.0, 2.0], "k": 20, "num_candidates": 50}}
    first = corpus.plain(retriever=knn, size=20).ids
    assert len(first) == 20
    assert corpus.search(retriever=knn, size=20).ids == first
    assert corpus.sidecar.calls == []
    answer = corpus.search(retriever=knn, size=20, ext={"lastly": {"query": "apple"}})
    assert answer.ids == first[::-1]


def test_a_rescorer_retriever_is_never_widened_beyond_its_window(corpus: Corpus) -> None:
    rescore = {"window_size": 15, "query": {"rescore_query": {"match": {"title": "article"}}}}
    retriever = {"rescorer": {"rescore": rescore, "retriever": APPLE}}
    before = corpus.plain(retriever=retriever)
    answer = corpus.search(retriever=retriever)
    assert (before.status, answer.status) == (200, 200), answer.body
    assert len(corpus.sidecar.calls) == 1
    reranked = len(corpus.sidecar.calls[0].body["documents"])
    assert reranked <= 15
    assert set(answer.ids) <= set(corpus.plain(retriever=retriever, size=reranked).ids)


def test_a_compound_retriever_without_a_size_or_from_a_later_hit_on_has_its_pages(corpus: Corpus) -> None:
    rescore = {"window_size": 15, "query": {"rescore_query": {"match": {"title": "article"}}}}
    retriever = {"rescorer": {"rescore": rescore, "retriever": APPLE}}
    whole = corpus.search(retriever=retriever).ids
    assert len(whole) == len(corpus.plain(retriever=retriever).ids)
    pages = [corpus.search(retriever=retriever, size=5, **at(start)).ids for start in (0, 5)]
    assert [hit for page in pages for hit in page] == whole[:10]


def test_a_knn_query_is_reranked_beside_the_text_it_stands_with(corpus: Corpus) -> None:
    knn = {"knn": {"field": "vector", "query_vector": [1.0, 2.0], "num_candidates": 50}}
    answer = corpus.search({"bool": {"should": [knn, {"match": {"body": "apple"}}]}}, size=ALL)
    assert sorted(answer.ids) == sorted(corpus.plain(size=ALL).ids)
    assert corpus.sidecar.calls[0].body["query"] == "apple"


def test_a_knn_section_is_reranked(corpus: Corpus) -> None:
    knn = {"field": "vector", "query_vector": [1.0, 2.0], "k": 20, "num_candidates": 50}
    first = corpus.plain(knn=knn).ids
    answer = corpus.search(knn=knn)
    assert len(answer.ids) == len(first)
    assert corpus.sidecar.calls[0].body["query"] == "apple"


@pytest.mark.parametrize("clients", [1, 16])
def test_no_reference_is_lost_under_load(corpus: Corpus, own_node: ElasticsearchNode | None, clients: int) -> None:
    """With its assertions on, the engine writes LEAK to its log for whatever was collected without being released."""
    best = {"best": {"top_hits": {"size": 2}}}
    bodies: list[dict[str, Any]] = [
        {},
        {"size": 3},
        {"from": WINDOW - 5},
        {"from": WINDOW},
        {"_source": False},
        {"collapse": {"field": "group"}},
        {"profile": True},
        {"aggs": {"groups": {"terms": {"field": "group"}, "aggs": best}}},
        {"retriever": APPLE},
        {"query": {"match": {"body": "nosuchword"}}},
    ]
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(lambda number: corpus.search(**bodies[number % len(bodies)]), range(400)))
    assert {answer.status for answer in answers} == {200}
    check_released(corpus, own_node)


@pytest.mark.parametrize("fault", ["refused", "fail", "shadow", "late"])
def test_no_reference_is_lost_where_the_sidecar_fails(
    corpus: Corpus, own_node: ElasticsearchNode | None, fault: str
) -> None:
    corpus.sidecar.status = 200 if fault in ("shadow", "late") else 500
    corpus.configure(
        on_failure="fail" if fault == "fail" else "keep_order", mode="shadow" if fault == "shadow" else "rerank"
    )
    if fault == "late":
        corpus.sidecar.delay_s = 0.2
        corpus.configure(timeout="10ms")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: corpus.search(), range(80)))
    assert {answer.status for answer in answers} <= ({503} if fault == "fail" else {200})
    check_released(corpus, own_node)
