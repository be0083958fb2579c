"""What a search gets when reranking works: order, scores, pages, fields."""

import pytest

from tests.engines.promises import eventually
from tests.engines.vespa.container import Container
from tests.engines.vespa.lying_sidecar import LyingSidecar

QUESTION = "how do I read a file line by line?"


def test_the_window_is_put_into_the_sidecar_s_order(vespa: Container) -> None:
    first = vespa.search(QUESTION, hits=50, lastly__enabled=False)
    reranked = vespa.search(QUESTION, hits=50)
    assert reranked.ids == first.ids[::-1]
    assert reranked.relevance == [index / 50 for index in reversed(range(50))]


def test_passages_are_the_fields_in_order_and_the_query_is_what_the_user_typed(
    vespa: Container, sidecar: LyingSidecar
) -> None:
    first = vespa.search(QUESTION, hits=50, lastly__enabled=False)
    vespa.search(QUESTION, hits=1)
    body = sidecar.calls[0].body
    assert body["query"] == QUESTION
    assert body["documents"] == [f"{hit['fields']['title']}\n{hit['fields']['text']}" for hit in first.hits]


@pytest.mark.parametrize("size", [7, 10, 50])
def test_pages_are_disjoint_and_complete_and_scores_fall_over_all_of_them(vespa: Container, size: int) -> None:
    whole = vespa.search(QUESTION, hits=105, lastly__enabled=False)
    pages = [vespa.search(QUESTION, hits=size, offset=offset) for offset in range(0, 105, size)]
    ids = [document for page in pages for document in page.ids][:105]
    scores = [score for page in pages for score in page.relevance][:105]
    assert sorted(ids) == sorted(whole.ids)
    assert ids[50:] == whole.ids[50:]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_a_page_below_the_window_asks_no_sidecar(vespa: Container, sidecar: LyingSidecar) -> None:
    assert len(vespa.search(QUESTION, hits=10, offset=50).hits) == 10
    assert sidecar.calls == []


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


def test_explain_gives_rank_and_score_of_the_first_stage(vespa: Container) -> None:
    first = vespa.search(QUESTION, hits=60, lastly__enabled=False)
    known = {hit["fields"]["id"]: (rank, hit["relevance"]) for rank, hit in enumerate(first.hits, 1)}
    explained = vespa.search(QUESTION, hits=60, lastly__explain=True)
    for hit in explained.hits:
        fields = hit["fields"]
        assert (fields["lastly_first_stage_rank"], fields["lastly_first_stage_score"]) == known[fields["id"]]


def test_a_query_sets_window_instruction_and_text(vespa: Container, sidecar: LyingSidecar) -> None:
    vespa.search(QUESTION, lastly__window_size=7, lastly__instruction="prefer modules", lastly__query="another text")
    body = sidecar.calls[0].body
    assert (len(body["documents"]), body["instruction"], body["query"]) == (7, "prefer modules", "another text")


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


def test_shadow_calls_and_leaves_order_and_scores_alone(vespa: Container, sidecar: LyingSidecar) -> None:
    first = vespa.search(QUESTION, hits=60, lastly__enabled=False)
    shadowed = vespa.search(QUESTION, hits=60, searchChain="shadow")
    assert (shadowed.ids, shadowed.relevance) == (first.ids, first.relevance)
    assert eventually(lambda: len(sidecar.calls) == 1)  # nobody waited for the call


def test_collapsed_fields_are_collapsed_over_the_new_order(vespa: Container) -> None:
    order = vespa.search(QUESTION, hits=50)
    best: dict[str, str] = {}
    for hit in order.hits:
        best.setdefault(hit["fields"]["category"], hit["fields"]["id"])
    collapsed = vespa.search(QUESTION, hits=5, collapsefield="category")
    assert collapsed.ids == list(best.values())[:5]
