"""The blocks that share a run of the graph."""

import time
from dataclasses import dataclass, field

from lastly.errors import NotReadyError
from lastly.graph.session import Run, Session
from lastly.ranking.reranker import Reranker
from lastly.scheduling.jobs import Ticket
from lastly.types import BlockEmbeddings, Encoding

Outcome = BlockEmbeddings | NotReadyError  # of one block of a run


@dataclass(frozen=True)
class TicketBlock:
    """One block of a ticket, by its place."""

    ticket: Ticket
    place: int

    @property
    def encoding(self) -> Encoding:
        """What the graph reads."""
        assert self.ticket.blocks is not None  # noqa: S101  only encoded tickets have places
        return self.ticket.blocks[self.place]

    @property
    def length(self) -> int:
        """The block's tokens."""
        return len(self.encoding.input_ids)


@dataclass(frozen=True)
class RunningBatch:
    """Blocks that share the run which is under way."""

    blocks: list[TicketBlock]
    run: Run = field(default_factory=Run)
    started: float = field(default_factory=time.monotonic)

    @property
    def reranker(self) -> Reranker:
        """The model that runs."""
        return self.blocks[0].ticket.job.reranker

    @property
    def longest(self) -> int:
        """The tokens of the longest block, to which the others are padded."""
        return max(block.length for block in self.blocks)

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits for its result."""
        return not all(block.ticket.answer.done() for block in self.blocks)


def embed(session: Session, encodings: list[Encoding], run: Run) -> list[Outcome]:
    """Run the graph; where memory does not last for all blocks each runs alone, so that only its own call can fail."""
    try:
        return list(session.run(encodings, run))
    except NotReadyError:
        if len(encodings) == 1 or run.stopped:
            raise
    return [_embed_alone(session, encoding, run) for encoding in encodings]


def _embed_alone(session: Session, encoding: Encoding, run: Run) -> Outcome:
    try:
        return session.run([encoding], run)[0]
    except NotReadyError as error:
        if run.stopped:
            raise
        return error
