"""Collections, candidate lists, drawn lists and batches."""

import itertools
import random
from pathlib import Path

from lastly_training.data.batches import Lists, collate
from lastly_training.data.beir import read_collection, without_held_out
from lastly_training.data.drawing import Sampling, draw
from lastly_training.text.bm25 import BM25
from tests.unit.training.toy import TEMPLATE, prepared_lists


def test_bm25_puts_the_document_with_the_rare_word_first() -> None:
    index = BM25(["green tea leaves", "green green grass", "river bank", "green river"])
    assert index.top(["green tea"], 3)[0].tolist()[0] == 0
    assert index.top(["nothing shared"], 3)[0].tolist() == []


def test_a_drawn_list_holds_the_relevant_document_and_its_twin_counts_as_relevant() -> None:
    prepared = prepared_lists()
    for seed in range(20):
        drawn = draw(prepared, 0, Sampling(12, 20, (30,), 0.5, 0.5, 0.5), random.Random(seed))
        assert len(set(drawn.rows)) == len(drawn.rows)
        assert {row for row, positive in zip(drawn.rows, drawn.positive, strict=True) if positive} <= {3, 17}
        place = drawn.rows.index(3)
        assert drawn.positive[place]
        assert drawn.documents[place].tolist() == prepared.documents[3].tolist()  # what is relevant is not changed


def test_a_collated_prompt_has_a_marker_after_every_document() -> None:
    prepared = prepared_lists()
    lists = [draw(prepared, 0, Sampling(size, size, (30,), 0.5, 0.5), random.Random(0)) for size in (4, 9)]
    batch = collate(prepared, lists, TEMPLATE)
    for row, drawn in enumerate(lists):
        positions = batch.document_positions[row][batch.real[row]]
        assert len(positions) == len(drawn.rows) == len(drawn.documents)
        assert (batch.input_ids[row][positions] == TEMPLATE.document_marker).all()
        before, after = batch.input_ids[row][batch.query_positions[row]]
        assert (before, after) == (TEMPLATE.query_end, TEMPLATE.query_marker)


def test_batches_hold_no_more_tokens_than_asked_and_a_second_reading_reverses_the_list() -> None:
    lists = Lists(prepared_lists(), TEMPLATE, Sampling(4, 20, (3,), 0.5, 1.0), tokens=512, seed=0, twice=True)
    for batch, again in itertools.islice(lists, 20):
        longest = int(batch.query_positions[:, -1].max()) + 1  # its padding to whole hundreds is not counted
        assert longest * len(batch.rows) <= 512
        for row in range(len(batch.rows)):
            size = int(batch.real[row].sum())
            assert batch.rows[row, :size].tolist() == again.rows[row, :size].tolist()[::-1]


def test_a_batch_holds_for_each_teacher_its_documents_and_then_its_queries() -> None:
    prepared = prepared_lists()
    lists = [draw(prepared, 0, Sampling(size, size, (300,), 0.5, 0.5), random.Random(0)) for size in (4, 9)]
    (packed,) = collate(prepared, lists, TEMPLATE).packed
    ids = packed.ids.flatten()
    begins = [ids[first : first + 2].tolist() for first in packed.firsts]
    assert len(begins) == 4 + 9 + 2
    assert [begin == [1, 2] for begin in begins] == [False] * 13 + [True] * 2


def test_documents_that_only_dev_queries_want_are_held_out(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text("\n".join(f'{{"_id": "d{n}", "text": "text {n}"}}' for n in range(4)))
    (tmp_path / "queries.jsonl").write_text('{"_id": "a", "text": "one"}\n{"_id": "b", "text": "two"}')
    (tmp_path / "qrels.train.tsv").write_text("query-id\tcorpus-id\tscore\na\td0\t1\na\td1\t0\n")
    (tmp_path / "qrels.dev.tsv").write_text("query-id\tcorpus-id\tscore\nb\td0\t1\nb\td2\t1\n")
    kept = without_held_out(read_collection(tmp_path))
    assert kept.documents == ["text 0", "text 1", "text 3"]
    assert kept.judgements == {"train": {0: {0: 1.0, 1: 0.0}}}
