"""What a search gets when reranking works: order, scores, pages, fields."""

import random
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.vespa.container import Container, Found

QUESTION = "how do I read a file line by line?"


def test_totals_and_fields_are_those_of_the_first_stage(vespa: Container) -> None:
    first = vespa.search(QUESTION, hits=50, lastly__enabled=False, presentation__summary="short")
    reranked = vespa.search(QUESTION, hits=50, presentation__summary="short")
    assert reranked.body["root"]["fields"] == first.body["root"]["fields"]
    assert reranked.body["root"]["coverage"] == first.body["root"]["coverage"]
    fields = {hit["id"]: hit["fields"] for hit in first.hits}
    assert {hit["id"]: hit["fields"] for hit in reranked.hits} == fields


@pytest.mark.parametrize("fields", ["title, id", "text, id", "id"])
def test_a_query_gets_the_fields_it_selects_and_no_other(vespa: Container, fields: str) -> None:
    query = f"select {fields} from article where userInput(@text)"
    first = vespa.search(QUESTION, hits=50, yql=query, lastly__enabled=False)
    reranked = vespa.search(QUESTION, hits=50, yql=query)
    assert {hit["id"]: hit["fields"] for hit in reranked.hits} == {hit["id"]: hit["fields"] for hit in first.hits}


def test_the_summary_class_of_the_passage_can_be_asked_for_too(vespa: Container) -> None:
    hits = vespa.search(QUESTION, hits=5, presentation__summary="lastly").hits
    assert all(hit["fields"]["title"] and hit["fields"]["text"] for hit in hits)


def test_a_window_larger_than_what_was_found_is_all_that_was_found(vespa: Container, sidecar: LyingSidecar) -> None:
    found = vespa.search(where='title contains "zipfile" and text contains "archive"', hits=50)
    assert 1 < len(found.hits) < 50
    assert len(sidecar.calls[0].body["documents"]) == len(found.hits)


def test_nothing_found_asks_no_sidecar(vespa: Container, sidecar: LyingSidecar) -> None:
    assert vespa.search("zzyzx").hits == []
    assert sidecar.calls == []


def test_equal_scores_keep_the_first_stage_s_order(vespa: Container, sidecar: LyingSidecar) -> None:
    first = vespa.search(QUESTION, hits=50, lastly__enabled=False)
    sidecar.answer = lambda count: (
        b'{"results": [%s]}' % b",".join(b'{"index": %d, "relevance_score": 0.5}' % index for index in range(count))
    )
    assert vespa.search(QUESTION, hits=50).ids == first.ids


def test_a_query_profile_sets_them_as_well(vespa: Container, sidecar: LyingSidecar) -> None:
    vespa.search(QUESTION, queryProfile="fast")
    assert len(sidecar.calls[0].body["documents"]) == 20
    sidecar.reset()
    vespa.search(QUESTION, queryProfile="plain")
    assert sidecar.calls == []


def test_a_chain_that_is_off_is_switched_on_by_a_query(vespa: Container, sidecar: LyingSidecar) -> None:
    vespa.search(QUESTION, searchChain="off")
    assert sidecar.calls == []
    vespa.search(QUESTION, searchChain="off", lastly__enabled=True)
    assert len(sidecar.calls) == 1


def test_collapsed_fields_are_collapsed_over_the_new_order(vespa: Container) -> None:
    order = vespa.search(QUESTION, hits=50)
    best: dict[str, str] = {}
    for hit in order.hits:
        best.setdefault(hit["fields"]["category"], hit["fields"]["id"])
    collapsed = vespa.search(QUESTION, hits=5, collapsefield="category")
    assert collapsed.ids == list(best.values())[:5]


def test_a_hybrid_first_stage_is_reranked_after_the_container_has_fused_it(
    vespa: Container, sidecar: LyingSidecar
) -> None:
    direction = random.Random(7)
    vector = [direction.uniform(-1, 1) for _ in range(256)]

    def search(**parameters: Any) -> Found:
        asked = {"queryProfile": "hybrid", "text": QUESTION, "timeout": "5s", "input.query(embedding)": vector}
        return vespa.get("/search/?" + urlencode({**asked, **parameters}))

    first = search(hits=60, **{"lastly.enabled": "false"})
    assert 0 < first.scores[0] <= 2 / 61, "reciprocal ranks of two lists, not the content node's scores"
    assert first.ids != vespa.search(QUESTION, hits=60, lastly__enabled=False).ids
    reranked = search(hits=60)
    assert sidecar.calls[0].body["query"] == QUESTION
    assert reranked.ids == first.ids[:50][::-1] + first.ids[50:]
    assert search(hits=10, offset=45).ids == reranked.ids[45:55]
