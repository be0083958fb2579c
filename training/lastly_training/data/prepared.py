"""Everything a training reads, put together once: texts as words, their spellings, candidate lists, labels."""

import itertools
import multiprocessing
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from lastly_training.data.beir import Collection
from lastly_training.data.synthetic import synthetic_queries
from lastly_training.teachers.teacher import Teacher
from lastly_training.text.bm25 import BM25
from lastly_training.text.packing import Reading
from lastly_training.text.ragged import IntArray, Ragged, Values
from lastly_training.text.words import Spelling, Words, rarity

CANDIDATES = 50
_CHUNK = 4096  # queries that one process searches at a time
_MOST = 10**9  # tokens of a word


@dataclass(frozen=True)
class ListQuery:
    """A query as words, with the rows of its candidates, best first, of its relevant documents, of its collection."""

    words: Values
    candidates: Values
    relevant: Values
    labelled: bool
    collection: range


@dataclass(frozen=True)
class _Asked:
    """A collection's queries, labelled ones first, and the rows that answer them."""

    texts: list[str]
    relevant: list[list[int]]
    labelled: int


@dataclass(frozen=True)
class Prepared:
    """Documents and queries of all collections in one numbering, as flat arrays, which worker processes share.

    `same` gives documents of equal text the same number; `terms` what BM25 compares of every word, `rarity` the weight
    of every term; `spelling` is the student's, `readings` are the teachers'.
    """

    documents: Ragged
    queries: Ragged
    candidates: Ragged
    relevant: Ragged
    labelled: Values
    collection: Values
    collections: list[range]
    same: IntArray
    terms: Values
    rarity: Values
    spelling: Spelling
    readings: list[Reading]

    def query(self, place: int) -> ListQuery:
        """Return one query with its lists."""
        return ListQuery(
            self.queries[place],
            self.candidates[place],
            self.relevant[place],
            bool(self.labelled[place]),
            self.collections[self.collection[place]],
        )


def encode(tokenizer: Tokenizer, texts: list[str], limit: int) -> list[list[int]]:
    """Tokenise texts, each cut to its first `limit` tokens."""
    return [encoding.ids[:limit] for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def prepare(
    collections: list[Collection], tokenizer: Tokenizer, teachers: Sequence[Teacher], synthetic: int, seed: int
) -> Prepared:
    """Read the training collections (dev texts already taken out); `synthetic` queries are made of each document."""
    rng = random.Random(seed)  # noqa: S311
    asked = [_ask(collection, synthetic, rng) for collection in collections]
    found = _search_all([collection.documents for collection in collections], [one.texts for one in asked])
    bases = np.cumsum([0, *(len(collection.documents) for collection in collections)])
    texts = [text for collection in collections for text in collection.documents]
    words, numbers = Words(), dict[str, int]()
    documents = words.read(texts)
    queries = words.read([text for one in asked for text in one.texts])
    terms = words.terms()
    return Prepared(
        documents,
        queries,
        Ragged.of([rows + base for base, lists in zip(bases, found, strict=False) for rows in lists]),
        Ragged.of([np.array(rows) + base for base, one in zip(bases, asked, strict=False) for rows in one.relevant]),
        np.array([place < one.labelled for one in asked for place in range(len(one.texts))]),
        np.repeat(np.arange(len(asked)), [len(one.texts) for one in asked]),
        [range(start, end) for start, end in itertools.pairwise(bases)],
        np.array([numbers.setdefault(text, len(numbers)) for text in texts]),
        terms,
        rarity(terms, documents),
        Spelling.of(words, lambda texts: encode(tokenizer, texts, _MOST)),
        [teacher.reading(words) for teacher in teachers],
    )


def _ask(collection: Collection, synthetic: int, rng: random.Random) -> _Asked:
    relevant = collection.relevant("train")
    made = synthetic_queries(collection.documents, synthetic, rng)
    texts = [collection.queries[query] for query in relevant] + [query.text for query in made]
    return _Asked(texts, [*relevant.values(), *([query.document] for query in made)], len(relevant))


_indices: list[BM25] = []


def _search_all(corpora: list[list[str]], queries: list[list[str]]) -> list[list[IntArray]]:
    """Search every corpus in as many processes as there are cores; they inherit the indices."""
    processes = multiprocessing.get_context("fork")
    with processes.Pool(min(os.cpu_count() or 1, len(corpora))) as pool:
        _indices[:] = pool.map(BM25, corpora, chunksize=1)
    jobs = [
        (place, texts[start : start + _CHUNK])
        for place, texts in enumerate(queries)
        for start in range(0, len(texts), _CHUNK)
    ]
    found: list[list[IntArray]] = [[] for _ in corpora]
    with processes.Pool(os.cpu_count()) as pool:
        for (place, _), lists in zip(jobs, pool.imap(_search, jobs), strict=True):
            found[place] += lists
    _indices.clear()
    return found


def _search(job: tuple[int, list[str]]) -> list[IntArray]:
    place, texts = job
    return _indices[place].top(texts, CANDIDATES)
