"""A rerank call inside the sidecar: what is asked, and how far it has come."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lastly.ranking.reranker import Reranker
from lastly.types import BlockEmbeddings, Candidate, Encoding, Query, Ranking, Truncation, WordOverlap

if TYPE_CHECKING:
    from lastly.scheduling.encoding import Encoder


@dataclass(frozen=True)
class Job:
    """One rerank call; `deadline` is a time of `time.monotonic()` after which nobody waits for the answer."""

    reranker: Reranker
    query: Query
    candidates: Sequence[Candidate]
    truncation: Truncation
    lexical_weight: float
    deadline: float

    def remaining(self) -> float:
        """Return the seconds left."""
        return self.deadline - time.monotonic()


@dataclass(frozen=True)
class Stage:
    """A stretch of a call's time, in seconds since the epoch."""

    name: str
    start: float
    end: float


@dataclass(eq=False)
class Ticket:
    """A job's stay in the sidecar; `tokens` is a guess until its texts are encoded.

    `blocks` (None until encoded) holds all its encodings, `waiting` the places of those that have not run.
    `overlap` is what words count in its scores, None where they do not.
    """

    job: Job
    tokens: int
    answer: "asyncio.Future[Ranking]"
    arrived: float = field(default_factory=time.monotonic)
    started: float | None = None
    blocks: list[Encoding] | None = None
    overlap: WordOverlap | None = None
    waiting: deque[int] = field(default_factory=deque)
    embedded: dict[int, BlockEmbeddings] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    encoder: "Encoder | None" = None

    def encoded(self, blocks: list[Encoding], overlap: WordOverlap | None = None) -> None:
        """Take in the encodings: from here the ticket can run."""
        self.blocks, self.overlap = blocks, overlap
        self.waiting.extend(range(len(blocks)))
        self.tokens = sum(len(block.input_ids) for block in blocks)

    def lengths(self) -> list[int]:
        """Return the tokens of each run that is still to come."""
        if self.blocks is None:
            return [self.tokens]
        return [len(self.blocks[place].input_ids) for place in self.waiting]

    @property
    def complete(self) -> bool:
        """Whether every block has run."""
        return self.blocks is not None and len(self.embedded) == len(self.blocks)

    def rank(self) -> Ranking:
        """Return the ranking of a complete ticket; raises ModelOutputError."""
        assert self.blocks is not None  # noqa: S101  complete tickets are encoded
        embedded = [self.embedded[place] for place in range(len(self.blocks))]
        return self.job.reranker.rank_embeddings(self.blocks, embedded, self.job.candidates, self.overlap)
