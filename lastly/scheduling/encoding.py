"""Encodes the texts of several calls in turns, so that one call's texts do not hold up another's."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from lastly.ranking.steps import Steps
from lastly.scheduling.jobs import Job, Ticket
from lastly.types import Encoding, WordOverlap

_TURN_S = 0.01  # of the encoder's thread; a turn ends with the step that passes it
Encoded = tuple[list[Encoding], WordOverlap | None]


@dataclass
class Encoder:
    """One call's encoding: its steps, and the seconds of the thread that they took."""

    steps: Steps[Encoded]
    seconds: float = 0.0
    started: float = field(default_factory=time.time)

    @classmethod
    def of(cls, job: Job) -> "Encoder":
        """Begin with a job's texts."""
        return cls(_steps(job))

    def turn(self) -> Encoded | None:
        """Work for a turn; return the result at the end, None before it."""
        started = time.monotonic()
        try:
            while time.monotonic() - started < _TURN_S:
                next(self.steps)
        except StopIteration as end:
            result: Encoded = end.value
            return result
        finally:
            self.seconds += time.monotonic() - started
        return None


class Turns:
    """Whose turn it is: by turns that of the call that had least of the thread, and of the first in order.

    A call that comes waits for two turns at most, whatever the others hold, and none waits for ever.
    """

    def __init__(self) -> None:
        self._for_the_first = False

    def next(self, tickets: Sequence[Ticket]) -> Ticket:
        """Choose one of the tickets, given in order."""
        self._for_the_first = not self._for_the_first
        if self._for_the_first:
            return min(tickets, key=lambda ticket: ticket.encoder.seconds if ticket.encoder else 0.0)
        return tickets[0]


def _steps(job: Job) -> Steps[Encoded]:
    """Do all that a call needs of its texts before the graph runs."""
    blocks = yield from job.reranker.encode_in_steps(job.query, job.candidates, job.truncation)
    overlap = yield from job.reranker.word_overlap_in_steps(job.query, job.candidates, job.lexical_weight)
    return blocks, overlap
