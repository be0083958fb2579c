"""The parts of the training: candidate lists, drawn lists, losses, the metric."""

import gzip
import itertools
import random
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (extra: parity)")

from lastly_training.data.batches import Lists, collate  # noqa: E402
from lastly_training.data.beir import read_collection, without_held_out  # noqa: E402
from lastly_training.data.drawing import Sampling, draw  # noqa: E402
from lastly_training.data.metrics import ndcg  # noqa: E402
from lastly_training.data.prepared import Prepared  # noqa: E402
from lastly_training.loop import losses  # noqa: E402
from lastly_training.mini.texts import dictionary  # noqa: E402
from lastly_training.mini.written import question, whole_sentences  # noqa: E402
from lastly_training.model import merging  # noqa: E402
from lastly_training.model.checkpoint import Checkpoint  # noqa: E402
from lastly_training.model.merging import Average  # noqa: E402
from lastly_training.text.bm25 import BM25  # noqa: E402
from lastly_training.text.packing import Reading, pack  # noqa: E402
from lastly_training.text.ragged import Ragged  # noqa: E402
from lastly_training.text.template import Template  # noqa: E402
from lastly_training.text.variation import Variation  # noqa: E402
from lastly_training.text.words import Spelling, Words, rarity, relative_bm25  # noqa: E402

TEMPLATE = Template(start=0, query_start=1, query_end=2, document_marker=3, query_marker=4)


WORDS = ["tea", "leaf", "green", "River", "the", "bank"]
LETTERS = {letter: place for place, letter in enumerate(" abcdefghijklmnopqrstuvwxyz")}


def _letters(texts: list[str]) -> list[list[int]]:
    """A tokenizer whose tokens are letters."""
    return [[100 + LETTERS.get(letter, 0) for letter in text] for text in texts]


def _prepared(documents: int = 30) -> Prepared:
    rng, words = random.Random(1), Words()
    texts = [" ".join(rng.choices(WORDS, k=1 + row % 40)) for row in range(documents)]
    texts[17] = texts[3] = "green tea and\n\nthe river bank"
    read, queries = words.read(texts), words.read(["tea leaf"])
    same = np.arange(documents)
    same[17] = same[3]
    terms = words.terms()
    return Prepared(
        documents=read,
        queries=queries,
        candidates=Ragged.of([range(10)]),
        relevant=Ragged.of([[3]]),
        labelled=np.array([True]),
        collection=np.array([0]),
        collections=[range(documents)],
        same=same,
        terms=terms,
        rarity=rarity(terms, read),
        spelling=Spelling.of(words, _letters),
        readings=[
            Reading(Spelling.of(words, lambda texts: _letters([text.strip() for text in texts])), [1], [1, 2], [9])
        ],
    )


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
        drawn = draw(prepared, 0, Sampling(12, 20, (30,), 0.5, 0.5, 0.5), random.Random(seed))
        assert len(set(drawn.rows)) == len(drawn.rows)
        assert {row for row, positive in zip(drawn.rows, drawn.positive, strict=True) if positive} <= {3, 17}
        place = drawn.rows.index(3)
        assert drawn.positive[place]
        assert drawn.documents[place].tolist() == prepared.documents[3].tolist()  # what is relevant is not changed


def test_a_collated_prompt_has_a_marker_after_every_document() -> None:
    prepared = _prepared()
    lists = [draw(prepared, 0, Sampling(size, size, (30,), 0.5, 0.5), random.Random(0)) for size in (4, 9)]
    batch = collate(prepared, lists, TEMPLATE)
    for row, drawn in enumerate(lists):
        positions = batch.document_positions[row][batch.real[row]]
        assert len(positions) == len(drawn.rows) == len(drawn.documents)
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


def test_words_are_spelled_as_the_tokenizer_spells_the_text() -> None:
    words, text = Words(), "The river\n\nbank  of   Green tea\n"
    read = words.read([text, "", "tea"])
    ids = Spelling.of(words, _letters).ids([read[row] for row in range(3)], 1000)
    assert [one.tolist() for one in ids] == _letters(["the river\nbank of green tea\n", "", "tea"])
    assert Spelling.of(words, _letters).ids([read[0]], 5)[0].tolist() == _letters(["the r"])[0]


def test_changed_texts_keep_to_the_words_that_there_are() -> None:
    prepared, rng = _prepared(), np.random.default_rng(0)
    variation, long = Variation(prepared.documents, prepared.terms), prepared.documents[29]
    known = set(prepared.documents.values.tolist())
    changed = [variation.document(long, rng).tolist() for _ in range(200)]
    assert len({tuple(text) for text in changed}) > 150
    assert {word for text in changed for word in text} <= known
    asked = [variation.query(prepared.queries[0], long, rng) for _ in range(50)]
    assert all(1 <= len(query) <= 16 for query in asked)


def test_an_excerpt_holds_the_beginning_and_the_parts_with_the_querys_words() -> None:
    words = Words()
    text = " ".join([f"w{n}" for n in range(300)])
    read = words.read([text, "w205 w207 w299"])
    variation = Variation(read, words.terms())
    found = variation.excerpt(read[0], read[1], 80)
    assert found.tolist() == [*read[0][:32], *read[0][32:47], *read[0][197:212], *read[0][287:300]]


def test_relative_bm25_agrees_with_the_index() -> None:
    texts, query = ["green tea leaves", "green green grass tea", "river bank", "tea of the river"], "green tea river"
    words = Words()
    read, asked = words.read(texts), words.read([query])
    terms = words.terms()
    documents = [terms[read[row]] for row in range(len(texts))]
    # what a search does not compare has no place in the documents either
    scores = relative_bm25(terms[asked[0]], [one[one > 0] for one in documents], rarity(terms, read))
    wanted = BM25(texts).scores([query]).toarray()[0]
    assert scores == pytest.approx(wanted / wanted.max(), abs=1e-5)


def test_packed_texts_stand_whole_in_their_rows() -> None:
    rng = random.Random(0)
    texts = [np.array([rng.randint(1, 9) for _ in range(rng.randint(1, 256))]) for _ in range(40)]
    packed = pack(texts)
    ids, owner, place = (one.flatten() for one in (packed.ids, packed.text, packed.place))
    for number, text in enumerate(texts):
        begin = int(packed.firsts[number])
        assert ids[begin : begin + len(text)].tolist() == text.tolist()
        assert (owner == number + 1).nonzero().flatten().tolist() == list(range(begin, begin + len(text)))
        assert place[begin : begin + len(text)].tolist() == list(range(len(text)))
        assert begin // 512 == (begin + len(text) - 1) // 512


def test_a_batch_holds_for_each_teacher_its_documents_and_then_its_queries() -> None:
    prepared = _prepared()
    lists = [draw(prepared, 0, Sampling(size, size, (300,), 0.5, 0.5), random.Random(0)) for size in (4, 9)]
    (packed,) = collate(prepared, lists, TEMPLATE).packed
    ids = packed.ids.flatten()
    begins = [ids[first : first + 2].tolist() for first in packed.firsts]
    assert len(begins) == 4 + 9 + 2
    assert [begin == [1, 2] for begin in begins] == [False] * 13 + [True] * 2


def test_the_average_of_two_steps_lies_between_them() -> None:
    model = torch.nn.Linear(2, 1, bias=False)
    average = Average(model)
    for value in (1.0, 3.0):
        torch.nn.init.constant_(model.weight, value)
        average.add(model)
    average.give(model)
    assert model.weight.tolist() == [[2.0, 2.0]]


def test_merged_checkpoints_lie_between_and_must_be_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("a", 1.0), ("b", 3.0)):
        tensors = {"w": torch.full((2,), value)}
        Checkpoint({"max_position_embeddings": 8}, tensors, {"model": {}}, {"name": "m"}).save(tmp_path / name)
    monkeypatch.setattr("sys.argv", ["merging", *(str(tmp_path / name) for name in "ab"), "-o", str(tmp_path / "c")])
    merging.main()
    between = Checkpoint.load(tmp_path / "c")
    assert between.tensors["w"].tolist() == [2.0, 2.0]
    assert between.prompt == {"name": "m"}
    with pytest.raises(ValueError, match="same config"):
        merging.merged([between, Checkpoint({"other": 1}, between.tensors, between.tokenizer, between.prompt)])


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
