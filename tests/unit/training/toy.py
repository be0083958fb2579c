"""Lists and a tokenizer of letters, small enough to check by hand."""

import random

import numpy as np

from lastly_training.data.prepared import Prepared
from lastly_training.text.packing import Reading
from lastly_training.text.ragged import Ragged
from lastly_training.text.template import Template
from lastly_training.text.words import Spelling, Words, rarity

TEMPLATE = Template(start=0, query_start=1, query_end=2, document_marker=3, query_marker=4)

WORDS = ["tea", "leaf", "green", "River", "the", "bank"]

LETTERS = {letter: place for place, letter in enumerate(" abcdefghijklmnopqrstuvwxyz")}


def letters(texts: list[str]) -> list[list[int]]:
    """A tokenizer whose tokens are letters."""
    return [[100 + LETTERS.get(letter, 0) for letter in text] for text in texts]


def prepared_lists(documents: int = 30) -> Prepared:
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
        spelling=Spelling.of(words, letters),
        readings=[
            Reading(Spelling.of(words, lambda texts: letters([text.strip() for text in texts])), [1], [1, 2], [9])
        ],
    )
