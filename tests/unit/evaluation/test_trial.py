"""A trial: windows, orders, and the journal that lets it go on."""

import json
from pathlib import Path

import pytest

from lastly.errors import InvalidRequestError
from lastly.evaluation.collection import Collection
from lastly.evaluation.first_stages import EmbeddedBm25
from lastly.evaluation.journal import Journal, Outcome
from lastly.evaluation.results import Result
from lastly.evaluation.trial import FIRST_STAGE, Trial
from lastly.evaluation.variants import Variant
from tests.unit.evaluation.trials import QUESTIONS, Oracle, run_trial, trial_of


def test_a_perfect_reranker_finds_every_answer_in_its_window(result: Result) -> None:
    inside = [query for query, value in result.first.per_query["R@100"].items() if value]
    assert len(inside) >= 4
    assert result.main.mean() > result.first.mean()
    assert all(system.mean("R@100") == result.first.mean("R@100") for system in result.variants)
    windowed = result.windows
    assert [system.variant.window for system in windowed if system.variant] == [10, 50]
    assert windowed[0].mean("R@10") <= windowed[1].mean("R@10")


def test_a_reranker_that_is_blind_to_the_order_scores_alike_in_all(result: Result) -> None:
    assert len(result.orders) == 3
    assert {system.mean() for system in result.orders} == {result.main.mean()}


def test_hits_below_the_window_keep_their_places(collection: Collection, bm25: EmbeddedBm25, tmp_path: Path) -> None:
    trial = Trial(collection, bm25, Oracle(), [Variant(10)], depth=30)
    with Journal(tmp_path / "journal.jsonl", {}) as journal:
        trial.run(journal, ["1"], lambda: None)
        first, reranked = journal.get("1", FIRST_STAGE), journal.get("1", Variant(10).name)
    assert first is not None
    assert reranked is not None
    assert len(first.ids) == 30
    assert reranked.ids[10:] == first.ids[10:]
    assert sorted(reranked.ids) == sorted(first.ids)


def test_a_document_with_the_query_s_id_is_dropped_where_asked(bm25: EmbeddedBm25, collection: Collection) -> None:
    found = bm25.search(QUESTIONS["1"][0], 5)[0].document.id
    asked = Collection("own", "test", [], {found: QUESTIONS["1"][0]}, {found: {"x": 1}})
    hits, _ = Trial(asked, bm25, Oracle(), [], depth=5, drop_own=True)._search(found)
    assert len(hits) == 5
    assert found not in {hit.document.id for hit in hits}


def test_an_interrupted_run_goes_on_where_it_stopped(
    collection: Collection, bm25: EmbeddedBm25, result: Result, tmp_path: Path
) -> None:
    file = tmp_path / "journal.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run_trial(trial_of(collection, bm25, Oracle(fail_after=12)), file)
    with file.open("a") as torn:
        torn.write('{"query": "3", "vari')
    rest = Oracle()
    again = run_trial(trial_of(collection, bm25, rest), file)
    assert rest.calls == 5 * len(QUESTIONS) - 12
    assert again.main.per_query == result.main.per_query
    assert [json.loads(line) for line in file.read_text().splitlines()]


def test_a_journal_of_something_else_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", {"model": "a"}) as journal:
        journal.add(Outcome(query="1", variant="v", ids=["d"], seconds=0.1))
    with pytest.raises(InvalidRequestError, match="--fresh"):
        Journal(tmp_path / "j", {"model": "b"})


def test_a_shuffle_is_the_same_for_seed_and_query_and_differs_between_them() -> None:
    shuffled = Variant(50, "shuffled", 1).permutation(50, "q")
    assert shuffled == Variant(50, "shuffled", 1).permutation(50, "q")
    assert sorted(shuffled) == list(range(50))
    assert shuffled != Variant(50, "shuffled", 2).permutation(50, "q")
    assert shuffled != Variant(50, "shuffled", 1).permutation(50, "r")
