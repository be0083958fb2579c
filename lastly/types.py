"""The values that travel from a request to its ranking."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

Provider = Literal["cpu", "cuda"]
"""Where the model runs."""


@dataclass(frozen=True)
class Query:
    """What the user searched for, and how relevance is to be judged (`instruction`, optional)."""

    text: str
    instruction: str | None = None


@dataclass(frozen=True)
class Candidate:
    """One first-stage hit: its place in the caller's list and the passage that the model reads."""

    index: int
    text: str


LongDocuments = Literal["beginning", "excerpt"]
"""What is read of a document over its limit: its first tokens, or its beginning and parts with the query's words."""


@dataclass(frozen=True)
class Truncation:
    """How many tokens of a document and of a query the model reads, and which of a document.

    The rest is dropped; with `refuse`, the request is refused instead.
    """

    max_doc_length: int
    max_query_length: int
    refuse: bool = False
    long_documents: LongDocuments = "beginning"

    def within(self, tokens: int) -> "Truncation":
        """Return the truncation with neither limit over `tokens`."""
        lengths = min(self.max_doc_length, tokens), min(self.max_query_length, tokens)
        return replace(self, max_doc_length=lengths[0], max_query_length=lengths[1])


@dataclass(frozen=True)
class Block:
    """The candidates that share one context with the query."""

    query: Query
    candidates: Sequence[Candidate]


@dataclass(frozen=True)
class Encoding:
    """A block as the graph reads it.

    `input_ids` [tokens]; `document_positions` [documents]: the index of each document's marker;
    `query_position`: the index of the query's marker.
    """

    input_ids: IntArray
    document_positions: IntArray
    query_position: int


@dataclass(frozen=True)
class BlockEmbeddings:
    """What the graph answers for one block: `documents` [documents, width], `query` [width]; not normalised."""

    documents: FloatArray
    query: FloatArray


@dataclass(frozen=True)
class WordOverlap:
    """How much word overlap counts in a score: `weight` 0 (cosine alone) to 1; `matches` [documents], 0 to 1 each."""

    weight: float
    matches: FloatArray


@dataclass(frozen=True)
class Ranked:
    """One candidate after reranking; `score` lies in [-1, 1]: a cosine, with word overlap blended in where asked."""

    index: int
    score: float
    embedding: FloatArray


@dataclass(frozen=True)
class Ranking:
    """All candidates, best first; ties keep the first-stage order.

    `tokens` is what the model read (template included), `blocks` the number of contexts that took.
    """

    results: Sequence[Ranked]
    tokens: int
    blocks: int
