"""How many bytes of bodies may be inside: of one call, and of all calls together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lastly.config import Settings
from lastly.errors import OverloadedError, RequestTooLargeError
from lastly.scheduling.metrics import Metrics


class BodyBudget:
    """The bytes of all bodies inside, counted from their first byte until their call is answered."""

    def __init__(self, settings: Settings, metrics: Metrics, retry_after: Callable[[], int]) -> None:
        self._most = settings.max_body_bytes
        self._most_together = settings.max_queue_bytes
        self._retry_after = retry_after
        self._gauge = metrics.queue_bytes
        self._held = 0

    @contextmanager
    def open(self) -> Iterator["BodyShare"]:
        """Yield a body's share of the budget; its bytes count until the end of the context."""
        share = BodyShare(self)
        try:
            yield share
        finally:
            self._hold(-share.size)

    def check(self, size: int) -> None:
        """Raise RequestTooLargeError or OverloadedError where a body of so many bytes would not fit now."""
        self._check(size, others=self._held)

    def _add(self, share: "BodyShare", size: int) -> None:
        share.size += size
        self._hold(size)
        self._check(share.size, others=self._held - share.size)

    def _check(self, size: int, others: int) -> None:
        """Refuse a body that is too long in itself, or beside others; alone each fits that is not."""
        if size > self._most:
            raise RequestTooLargeError(f"the body is over {self._most} bytes; send fewer documents")
        if size and others and others + size > self._most_together:
            raise OverloadedError("the queue's bytes are used up; retry later or add a replica", self._retry_after())

    def _hold(self, size: int) -> None:
        self._held += size
        self._gauge.set(self._held)


class BodyShare:
    """What one body takes of the budget; `size` is its bytes so far."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self.size = 0

    def add(self, size: int) -> None:
        """Count bytes that came; raises RequestTooLargeError or OverloadedError."""
        self._budget._add(self, size)
