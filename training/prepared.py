"""Everything a training reads, put together once: token ids, candidate lists, teacher embeddings, labels."""

import multiprocessing
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.data import Collection
from training.lists import BM25, FloatArray
from training.synthetic import synthetic_queries
from training.teacher import Teacher, joint_embeddings
from training.template import MAX_DOC_LENGTH, MAX_QUERY_LENGTH

CANDIDATES = 50
_CHUNK = 4096  # queries that one process searches at a time
IntArray = npt.NDArray[np.int64]


@dataclass
class ListQuery:
    """A query with its candidates: document rows best first, BM25 scores relative to the best, relevant rows."""

    tokens: list[int]
    candidates: IntArray
    first_stage: FloatArray
    relevant: IntArray
    labelled: bool
    collection: range


@dataclass(frozen=True)
class _Asked:
    """A collection's queries, labelled ones first, and the rows that answer them."""

    texts: list[str]
    relevant: list[list[int]]
    labelled: int


@dataclass
class Prepared:
    """Documents of all collections in one numbering; `same` gives documents of equal text the same number."""

    documents: list[npt.NDArray[np.int32]] = field(default_factory=list)
    same: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    queries: list[ListQuery] = field(default_factory=list)
    document_teacher: Tensor = field(default_factory=lambda: torch.zeros(0))
    query_teacher: Tensor = field(default_factory=lambda: torch.zeros(0))


def plain_tokenizer(description: dict[str, Any]) -> Tokenizer:
    """Give the tokenizer that reads user text: it knows no control token."""
    import json

    plain = description | {"added_tokens": [], "post_processor": None, "truncation": None, "padding": None}
    return Tokenizer.from_str(json.dumps(plain))


def encode(tokenizer: Tokenizer, texts: list[str], limit: int) -> list[list[int]]:
    """Tokenise texts, each cut to its first `limit` tokens."""
    return [encoding.ids[:limit] for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def prepare(
    collections: list[Collection], tokenizer: Tokenizer, teachers: Sequence[Teacher], synthetic: int, seed: int
) -> Prepared:
    """Read the training collections (dev texts already taken out); `synthetic` queries are made of each document."""
    rng = random.Random(seed)  # noqa: S311
    prepared = Prepared()
    asked = [_ask(collection, synthetic, rng) for collection in collections]
    lists = _search_all([collection.documents for collection in collections], [one.texts for one in asked])
    for collection, queries, found in zip(collections, asked, lists, strict=True):
        _add(prepared, collection.documents, queries, found, tokenizer)
    texts = [text for collection in collections for text in collection.documents]
    numbers: dict[str, int] = {}
    prepared.same = np.array([numbers.setdefault(text, len(numbers)) for text in texts])
    if teachers:
        questions = [text for one in asked for text in one.texts]
        prepared.document_teacher = joint_embeddings([teacher.embed_documents(texts) for teacher in teachers]).cpu()
        prepared.query_teacher = joint_embeddings([teacher.embed_queries(questions) for teacher in teachers]).cpu()
    return prepared


def _ask(collection: Collection, synthetic: int, rng: random.Random) -> _Asked:
    relevant = collection.relevant("train")
    made = synthetic_queries(collection.documents, synthetic, rng)
    texts = [collection.queries[query] for query in relevant] + [query.text for query in made]
    return _Asked(texts, [*relevant.values(), *([query.document] for query in made)], len(relevant))


def _add(
    prepared: Prepared,
    documents: list[str],
    asked: _Asked,
    found: Sequence[tuple[IntArray, FloatArray]],
    tokenizer: Tokenizer,
) -> None:
    base = len(prepared.documents)
    rows = range(base, base + len(documents))
    prepared.documents += [np.array(ids, np.int32) for ids in encode(tokenizer, documents, MAX_DOC_LENGTH)]
    tokens = encode(tokenizer, asked.texts, MAX_QUERY_LENGTH)
    for place, (ids, (candidates, scores)) in enumerate(zip(tokens, found, strict=True)):
        relevant = np.array(asked.relevant[place]) + base
        prepared.queries.append(ListQuery(ids, candidates + base, scores, relevant, place < asked.labelled, rows))


_indices: list[BM25] = []


def _search_all(corpora: list[list[str]], queries: list[list[str]]) -> list[list[tuple[IntArray, FloatArray]]]:
    """Search every corpus in as many processes as there are cores; they inherit the indices."""
    processes = multiprocessing.get_context("fork")
    with processes.Pool(min(os.cpu_count() or 1, len(corpora))) as pool:
        _indices[:] = pool.map(BM25, corpora, chunksize=1)
    jobs = [
        (place, texts[start : start + _CHUNK])
        for place, texts in enumerate(queries)
        for start in range(0, len(texts), _CHUNK)
    ]
    found: list[list[tuple[IntArray, FloatArray]]] = [[] for _ in corpora]
    with processes.Pool(os.cpu_count()) as pool:
        for (place, _), lists in zip(jobs, pool.imap(_search, jobs), strict=True):
            found[place] += lists
    _indices.clear()
    return found


def _search(job: tuple[int, list[str]]) -> list[tuple[IntArray, FloatArray]]:
    place, texts = job
    return _indices[place].top_with_scores(texts, CANDIDATES)
