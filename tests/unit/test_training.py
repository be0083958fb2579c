"""The parts of the training: candidate lists, drawn lists, losses, the metric."""

import gzip
import itertools
import random
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (extra: parity)")

from training import losses  # noqa: E402
from training.batches import Lists, Sampling, collate, draw  # noqa: E402
from training.data import read_collection, without_held_out  # noqa: E402
from training.lists import BM25  # noqa: E402
from training.merging import Average  # noqa: E402
from training.metrics import ndcg  # noqa: E402
from training.prepared import ListQuery, Prepared  # noqa: E402
from training.template import Template  # noqa: E402
from training.texts import dictionary  # noqa: E402
from training.written import question, whole_sentences  # noqa: E402

TEMPLATE = Template(start=0, query_start=1, query_end=2, document_marker=3, query_marker=4)


def _prepared(documents: int = 30) -> Prepared:
    query = ListQuery(
        [50, 51], np.arange(10), np.linspace(1, 0.1, 10, dtype=np.float32), np.array([3]), True, range(30)
    )
    same = np.arange(documents)
    same[17] = same[3]
    texts = [np.full(1 + row % 4, 100 + row, np.int32) for row in range(documents)]
    return Prepared(texts, same, [query])


def test_bm25_puts_the_document_with_the_rare_word_first() -> None:
    index = BM25(["green tea leaves", "green green grass", "river bank", "green river"])
    assert index.top(["green tea"], 3)[0].tolist()[0] == 0
    assert index.top(["nothing shared"], 3)[0].tolist() == []


def test_ndcg_is_one_for_the_ideal_order_and_counts_places() -> None:
    gains = {7: 2.0, 8: 1.0}
    assert ndcg([7, 8, 9], gains) == pytest.approx(1)
    assert ndcg([9, 7, 8], gains) == pytest.approx((2 / np.log2(3) + 1 / 2) / (2 + 1 / np.log2(3)))
    assert ndcg([9], {9: 0.0}) == 0


def test_a_drawn_list_holds_the_relevant_document_and_its_twin_counts_as_relevant() -> None:
    prepared = _prepared()
    for seed in range(20):
        drawn = draw(prepared, 0, Sampling(12, 20, (3,), 0.5, 0.5), random.Random(seed))
        assert len(set(drawn.rows)) == len(drawn.rows)
        assert {row for row, positive in zip(drawn.rows, drawn.positive, strict=True) if positive} <= {3, 17}
        assert drawn.positive[drawn.rows.index(3)]


def test_a_collated_prompt_has_a_marker_after_every_document() -> None:
    prepared = _prepared()
    lists = [draw(prepared, 0, Sampling(size, size, (3,), 0.5, 0.5), random.Random(0)) for size in (4, 9)]
    batch = collate(prepared, lists, TEMPLATE)
    for row, drawn in enumerate(lists):
        positions = batch.document_positions[row][batch.real[row]]
        assert len(positions) == len(drawn.rows)
        assert (batch.input_ids[row][positions] == TEMPLATE.document_marker).all()
        before, after = batch.input_ids[row][batch.query_positions[row]]
        assert (before, after) == (TEMPLATE.query_end, TEMPLATE.query_marker)


def test_batches_hold_no_more_tokens_than_asked_and_a_second_reading_reverses_the_list() -> None:
    lists = Lists(_prepared(), TEMPLATE, Sampling(4, 20, (3,), 0.5, 1.0), tokens=512, seed=0, twice=True)
    for batch, again in itertools.islice(lists, 20):
        longest = int(batch.query_positions[:, -1].max()) + 1  # its padding to whole hundreds is not counted
        assert longest * len(batch.rows) <= 512
        for row in range(len(batch.rows)):
            size = int(batch.real[row].sum())
            assert batch.rows[row, :size].tolist() == again.rows[row, :size].tolist()[::-1]


def test_the_average_of_two_steps_lies_between_them() -> None:
    model = torch.nn.Linear(2, 1, bias=False)
    average = Average(model)
    for value in (1.0, 3.0):
        torch.nn.init.constant_(model.weight, value)
        average.add(model)
    average.give(model)
    assert model.weight.tolist() == [[2.0, 2.0]]


def test_the_contrastive_loss_falls_when_the_relevant_document_leads() -> None:
    positive, real = torch.tensor([[True, False, False]]), torch.ones(1, 3, dtype=torch.bool)
    good = losses.info_nce(torch.tensor([[0.9, 0.1, 0.0]]), positive, real, 0.05)
    bad = losses.info_nce(torch.tensor([[0.1, 0.9, 0.0]]), positive, real, 0.05)
    assert good < 0.01 < bad


def test_padding_does_not_change_the_distillation_loss() -> None:
    scores, teacher = torch.tensor([[0.3, 0.1, 0.7]]), torch.tensor([[0.5, 0.2, 0.9]])
    positive = torch.zeros(1, 3, dtype=torch.bool)
    weight = torch.tensor([[0.5]])
    real = torch.tensor([[True, True, False]])
    cut = losses.listwise_distillation(scores[:, :2], teacher[:, :2], positive[:, :2], real[:, :2], 0.05, 0.05, weight)
    assert losses.listwise_distillation(scores, teacher, positive, real, 0.05, 0.05, weight) == pytest.approx(cut)


def test_documents_that_only_dev_queries_want_are_held_out(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text("\n".join(f'{{"_id": "d{n}", "text": "text {n}"}}' for n in range(4)))
    (tmp_path / "queries.jsonl").write_text('{"_id": "a", "text": "one"}\n{"_id": "b", "text": "two"}')
    (tmp_path / "qrels.train.tsv").write_text("query-id\tcorpus-id\tscore\na\td0\t1\na\td1\t0\n")
    (tmp_path / "qrels.dev.tsv").write_text("query-id\tcorpus-id\tscore\nb\td0\t1\nb\td2\t1\n")
    kept = without_held_out(read_collection(tmp_path))
    assert kept.documents == ["text 0", "text 1", "text 3"]
    assert kept.judgements == {"train": {0: {0: 1.0, 1: 0.0}}}


def test_a_dictionary_of_dictd_gives_its_longer_entries_without_asides(tmp_path: Path) -> None:
    long = 'Adit \\Ad"it\\, n. [L. aditus.] ' + "an {entrance} to a mine " * 5
    entries = ["Ad\n   short\n", f"{long}\n", f"{long}\n"]
    (tmp_path / "d.dict.dz").write_bytes(gzip.compress("".join(entries).encode()))
    size, start = len(entries[1]), len(entries[0])
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    places = [(0, start), (start, size), (start, size), (start + size, size)]  # two headwords share an entry
    coded = [[digits[n // 64] + digits[n % 64] for n in place] for place in places]
    lines = ["00databaseinfo\tA\tB", *(f"word\t{at}\t{length}" for at, length in coded)]
    (tmp_path / "d.index").write_text("\n".join(lines) + "\n")
    found = list(dictionary("d", tmp_path))
    assert len(found) == 2
    assert found[0].text.startswith("Adit , n. an entrance to a mine an entrance")


def test_a_written_text_ends_with_its_last_whole_sentence() -> None:
    text = "Osmosis moves water\n\nthrough a membrane, from where there is more of it. It takes 3.5 hours. And then it"
    assert whole_sentences(text) == (
        "Osmosis moves water through a membrane, from where there is more of it. It takes 3.5 hours."
    )
    assert whole_sentences("Too short. And") == ""
    assert whole_sentences("no end " * 20) == ""


def test_a_written_question_is_about_the_world_not_about_the_text() -> None:
    assert question("How does aspirin work? It keeps") == "How does aspirin work?"
    assert question("How does aspirin work\nText: another?") == ""
    assert question("Which of the following is true?") == ""
    assert question("Who is?") == ""
