"""Which calls are admitted, and in which order those inside are served."""

import math
import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lastly.errors import BrownOutError, DeadlineExceededError, OverloadedError
from lastly.ranking.reranker import Reranker
from lastly.scheduling.jobs import Job, Ticket
from lastly.scheduling.pace import Speed

_MARGIN = 1.25  # on estimated waits: an accepted call that ends late cost the model's time for nobody
_CERTAIN = 0.5  # a call alone is refused only if even half its estimate is too long: the wrong refusal costs an answer


@dataclass(frozen=True)
class Limits:
    """What fits inside; `brownout_wait` in seconds, 0 for no brown-out."""

    requests: int
    tokens: int
    batch_tokens: int = 32_768
    brownout_wait: float = 0.0
    brownout_tokens: int = 8_192


class AdmissionQueue:
    """The tickets inside, in order of estimated work plus time of arrival.

    Small calls pass large ones, but only those that arrived less than the large one's own work before them: a second
    of waiting counts as much as a second of work, so nothing starves.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._tickets: list[Ticket] = []
        self._speeds: weakref.WeakKeyDictionary[Reranker, Speed] = weakref.WeakKeyDictionary()
        self._busy_until = 0.0

    def __len__(self) -> int:
        """Count the tickets inside."""
        return len(self._tickets)

    @property
    def tokens(self) -> int:
        """Tokens inside."""
        return sum(ticket.tokens for ticket in self._tickets)

    def speed(self, reranker: Reranker) -> Speed:
        """Return what is known of a model's speed."""
        return self._speeds.setdefault(reranker, Speed())

    def busy(self, seconds: float) -> None:
        """Note that the model is taken for about so long."""
        self._busy_until = time.monotonic() + seconds

    def work(self, ticket: Ticket) -> float:
        """Estimate the seconds of the model that a ticket still takes."""
        pace = self.speed(ticket.job.reranker).running
        return sum(pace.seconds(length) for length in ticket.lengths())

    def encoding(self, ticket: Ticket) -> float:
        """Estimate the seconds of the encoder that a ticket still takes."""
        encoded = ticket.blocks is not None
        return 0.0 if encoded else self.speed(ticket.job.reranker).encoding.seconds(ticket.tokens)

    def in_order(self) -> list[Ticket]:
        """Return all tickets, next one first."""
        return sorted(self._tickets, key=self._key)

    def wait(self) -> float:
        """Estimate the seconds until everything inside is done."""
        return max((end for _, end in self._ends(self._tickets)), default=self._busy())

    def retry_after(self) -> int:
        """Return the same in whole seconds, at least one."""
        return max(1, math.ceil(self.wait()))

    def check_capacity(self) -> None:
        """Raise OverloadedError where no further request fits; looks at nothing of the request."""
        if len(self._tickets) >= self.limits.requests:
            raise OverloadedError("the queue is full; retry later or add a replica", self.retry_after())

    def check_wait(self, left: float) -> None:
        """Raise OverloadedError where even a call of no work would be late: `left` seconds are left to it.

        Those inside that have waited as long as their own work go before whatever comes.
        """
        now = time.monotonic()
        before = [ticket for ticket in self._tickets if self._key(ticket) <= now]
        if before and max(end for _, end in self._ends(before)) * _MARGIN > left:
            raise OverloadedError("the queue is longer than the time that is left; retry later", self.retry_after())

    def enter(self, ticket: Ticket) -> None:
        """Let a ticket in; raises OverloadedError or DeadlineExceededError with the reason."""
        self.check_capacity()
        if self._tickets and self.tokens + ticket.tokens > self.limits.tokens:
            raise OverloadedError("the queue's tokens are used up; retry later or add a replica", self.retry_after())
        self.check_alone(ticket)
        self._check_brownout(ticket)
        self._check_wait(ticket)
        self.add(ticket)

    def add(self, ticket: Ticket) -> None:
        """Let a ticket in whatever is inside."""
        self._tickets.append(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Take a ticket out, wherever it stands."""
        if ticket in self._tickets:
            self._tickets.remove(ticket)

    def check_alone(self, ticket: Ticket) -> None:
        """Raise DeadlineExceededError where a call would be late even if it ran at once."""
        needed, left = self.encoding(ticket) + self.work(ticket), ticket.job.remaining()
        if left < needed * _CERTAIN or left <= 0:
            speed = self.speed(ticket.job.reranker)
            # Nothing runs that could correct the estimate.
            if not self._tickets and left > 0 and left >= speed.normal(ticket.tokens, ticket.lengths()):
                speed.lower()
            raise DeadlineExceededError(_too_late(ticket.job, needed))

    def _check_brownout(self, ticket: Ticket) -> None:
        limits = self.limits
        if limits.brownout_wait and ticket.tokens >= limits.brownout_tokens and self.wait() > limits.brownout_wait:
            raise BrownOutError(
                "large requests are shed until the queue is shorter; retry later or send fewer documents",
                self.retry_after(),
            )

    def _check_wait(self, ticket: Ticket) -> None:
        """Refuse a ticket that would be late behind the others, or that would make one of them late."""
        before = self._late(self._tickets)
        if self._tickets and self._late([*self._tickets, ticket]) - before:
            raise OverloadedError("the queue is longer than the time that is left; retry later", self.retry_after())

    def _late(self, tickets: Iterable[Ticket]) -> set[Ticket]:
        return {ticket for ticket, end in self._ends(tickets) if end * _MARGIN > ticket.job.remaining()}

    def _ends(self, tickets: Iterable[Ticket]) -> Iterator[tuple[Ticket, float]]:
        """Estimate in how many seconds each ticket ends: encoded one by one, run one by one, in order.

        On a fast device the encoder is what calls wait for.
        """
        encoded, ran = 0.0, self._busy()
        for ticket in sorted(tickets, key=self._key):
            encoded += self.encoding(ticket)
            ran = max(ran, encoded) + self.work(ticket)
            yield ticket, ran

    def _busy(self) -> float:
        return max(0.0, self._busy_until - time.monotonic())

    def _key(self, ticket: Ticket) -> float:
        return ticket.arrived + self.work(ticket)


def _too_late(job: Job, needed: float) -> str:
    return (
        f"about {math.ceil(needed * 1000)} ms are needed, {max(0, int(job.remaining() * 1000))} ms are left; "
        "raise the timeout or send fewer documents"
    )
