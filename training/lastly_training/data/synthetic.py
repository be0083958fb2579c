"""Queries made of the documents themselves: they have no labels of their own, the teacher judges their lists."""

import random
import re
from dataclasses import dataclass

from lastly_training.text.bm25 import words

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class SyntheticQuery:
    """A text, and the row of the document that it came from."""

    text: str
    document: int


def synthetic_queries(documents: list[str], per_document: int, rng: random.Random) -> list[SyntheticQuery]:
    """Make up to `per_document` queries of each document of 12 words or more.

    By turns: a sentence, a part of a sentence, some of its words. Documents that are shorter are skipped.
    """
    makers = (_sentence, _part, _keywords)
    found = []
    for row, document in enumerate(documents):
        if len(document.split()) < 12:
            continue
        for turn in range(per_document):
            text = makers[(row + turn) % len(makers)](document, rng)
            if words(text):
                found.append(SyntheticQuery(text, row))
    return found


def _sentence(document: str, rng: random.Random) -> str:
    sentences = [text for text in _SENTENCE_END.split(document) if 4 <= len(text.split()) <= 40]
    return rng.choice(sentences) if sentences else _part(document, rng)


def _part(document: str, rng: random.Random) -> str:
    tokens = document.split()
    size = rng.randint(3, 10)
    start = rng.randrange(max(1, len(tokens) - size))
    return " ".join(tokens[start : start + size])


def _keywords(document: str, rng: random.Random) -> str:
    kept = list(dict.fromkeys(words(document)))
    return " ".join(rng.sample(kept, min(len(kept), rng.randint(2, 5))))
