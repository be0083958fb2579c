"""Everything a training reads, put together once: token ids, candidate lists, teacher embeddings, labels."""

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.data import Collection
from training.lists import BM25
from training.synthetic import synthetic_queries
from training.teacher import Teacher
from training.template import MAX_DOC_LENGTH, MAX_QUERY_LENGTH

CANDIDATES = 50
IntArray = npt.NDArray[np.int64]


@dataclass
class ListQuery:
    """A query with its candidates: document rows best first, BM25 scores relative to the best, relevant rows."""

    tokens: list[int]
    candidates: IntArray
    first_stage: npt.NDArray[np.float32]
    relevant: IntArray
    labelled: bool
    collection: range


@dataclass
class Prepared:
    """Documents of all collections in one numbering; `same` gives documents of equal text the same number."""

    documents: list[list[int]] = field(default_factory=list)
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
    collections: list[Collection], tokenizer: Tokenizer, teacher: Teacher | None, synthetic: int, seed: int
) -> Prepared:
    """Read the training collections (dev texts already taken out); `synthetic` queries are made of each document."""
    rng = random.Random(seed)  # noqa: S311
    prepared = Prepared()
    texts: list[str] = []
    query_texts: list[str] = []
    for collection in collections:
        added = _add(prepared, collection, tokenizer, synthetic, rng)
        texts += collection.documents
        query_texts += added
    numbers: dict[str, int] = {}
    prepared.same = np.array([numbers.setdefault(text, len(numbers)) for text in texts])
    if teacher:
        prepared.document_teacher, prepared.query_teacher = teacher.embed(texts), teacher.embed(query_texts)
    return prepared


def _add(
    prepared: Prepared, collection: Collection, tokenizer: Tokenizer, synthetic: int, rng: random.Random
) -> list[str]:
    base = len(prepared.documents)
    rows = range(base, base + len(collection.documents))
    prepared.documents += encode(tokenizer, collection.documents, MAX_DOC_LENGTH)
    judged = [(collection.queries[query], gains) for query, gains in collection.judgements["train"].items()]
    judged = [(text, gains) for text, gains in judged if any(gain > 0 for gain in gains.values())]
    made = synthetic_queries(collection.documents, synthetic, rng)
    texts = [text for text, _ in judged] + [query.text for query in made]
    relevant = [[row for row, gain in gains.items() if gain > 0] for _, gains in judged] + [[q.document] for q in made]
    lists = BM25(collection.documents).top_with_scores(texts, CANDIDATES)
    for place, (tokens, (found, scores)) in enumerate(
        zip(encode(tokenizer, texts, MAX_QUERY_LENGTH), lists, strict=True)
    ):
        prepared.queries.append(
            ListQuery(tokens, found + base, scores, np.array(relevant[place]) + base, place < len(judged), rows)
        )
    return texts
