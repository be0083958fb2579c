"""Words, their variation and packing."""

import random

import numpy as np
import pytest

from lastly_training.text.bm25 import BM25
from lastly_training.text.packing import pack
from lastly_training.text.variation import Variation
from lastly_training.text.words import Spelling, Words, rarity, relative_bm25
from tests.unit.training.toy import letters, prepared_lists


def test_words_are_spelled_as_the_tokenizer_spells_the_text() -> None:
    words, text = Words(), "The river\n\nbank  of   Green tea\n"
    read = words.read([text, "", "tea"])
    ids = Spelling.of(words, letters).ids([read[row] for row in range(3)], 1000)
    assert [one.tolist() for one in ids] == letters(["the river\nbank of green tea\n", "", "tea"])
    assert Spelling.of(words, letters).ids([read[0]], 5)[0].tolist() == letters(["the r"])[0]


def test_changed_texts_keep_to_the_words_that_there_are() -> None:
    prepared, rng = prepared_lists(), np.random.default_rng(0)
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
