"""Lists drawn for a query: which documents, in which order, and how their texts are changed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lastly_training.data.prepared import ListQuery, Prepared
from lastly_training.text.ragged import Values
from lastly_training.text.variation import Variation
from lastly_training.text.words import relative_bm25

_POSITIVES = 3


@dataclass(frozen=True)
class Sampling:
    """How a training list is drawn.

    Its size lies between `smallest` and `largest`, documents are cut to one of `limits` tokens, a share of them is
    random, a share `labelled` of the queries has labels, and a share `varied` of the documents that are not relevant
    and of the queries without labels is changed.
    """

    smallest: int
    largest: int
    limits: tuple[int, ...]
    random_share: float
    labelled: float
    varied: float = 0.0


@dataclass(frozen=True)
class TrainingList:
    """One query's documents, as words, in the order in which the model reads them."""

    query: Values
    rows: list[int]
    documents: list[Values]
    positive: list[bool]
    first_stage: Values
    labelled: bool
    limit: int

    def reversed(self) -> "TrainingList":
        """The same list read from its end."""
        back: dict[str, Any] = {
            name: getattr(self, name)[::-1] for name in ("rows", "documents", "positive", "first_stage")
        }
        return replace(self, **back)


def draw(prepared: Prepared, query: int, sampling: Sampling, rng: random.Random) -> TrainingList:
    """Draw relevant documents, BM25's best and random ones of the same collection, in a random order; change some."""
    wanted = prepared.query(query)
    rows = _rows(wanted, sampling, rng)
    rng.shuffle(rows)
    known = {int(prepared.same[row]) for row in wanted.relevant}
    positive = [int(prepared.same[row]) in known for row in rows]
    limit = rng.choice(sampling.limits)
    asked, documents = _texts(prepared, wanted, rows, positive, limit, sampling.varied, rng)
    terms = prepared.terms
    first_stage = relative_bm25(terms[asked], [terms[document] for document in documents], prepared.rarity)
    return TrainingList(asked, rows, documents, positive, first_stage, wanted.labelled, limit)


def _rows(wanted: ListQuery, sampling: Sampling, rng: random.Random) -> list[int]:
    size = rng.randint(sampling.smallest, sampling.largest)
    relevant = wanted.relevant.tolist()
    rows = dict.fromkeys(rng.sample(relevant, min(len(relevant), _POSITIVES)))
    hard = [row for row in wanted.candidates.tolist() if row not in rows]
    count = min(len(hard), round((size - len(rows)) * (1 - sampling.random_share)))
    rows |= dict.fromkeys(_best_first(hard, count, rng))
    while len(rows) < min(size, len(wanted.collection)):
        rows[rng.choice(wanted.collection)] = None
    return list(rows)


def _texts(
    prepared: Prepared,
    wanted: ListQuery,
    rows: list[int],
    positive: list[bool],
    limit: int,
    varied: float,
    rng: random.Random,
) -> tuple[Values, list[Values]]:
    """Return the query and the documents, changed and cut to whole words of `limit` tokens."""
    variation, dice = Variation(prepared.documents, prepared.terms), np.random.default_rng(rng.getrandbits(64))
    asked, spelling = wanted.words, prepared.spelling
    if not wanted.labelled and rng.random() < varied:
        asked = variation.query(asked, prepared.documents[int(wanted.relevant[0])], dice)
    documents = []
    for row, relevant in zip(rows, positive, strict=True):
        words = prepared.documents[row]
        if varied:
            words = variation.cut(words, asked, len(spelling.fitting(words, limit)), relevant, dice)
        if not relevant and rng.random() < varied:
            words = variation.document(words, dice)
        documents.append(spelling.fitting(words, limit))
    return asked, documents


def _best_first(hard: Sequence[int], count: int, rng: random.Random) -> list[int]:
    """Half of the best candidates, half of any."""
    best = list(hard[: (count + 1) // 2])
    return best + rng.sample(hard[len(best) :], min(count - len(best), len(hard) - len(best)))
