"""Reads the bodies of calls whole, within limits on one body's bytes and time and on the bytes of all inside."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.datastructures import Headers
from starlette.types import Receive

from lastly.config import Settings
from lastly.errors import BodyTimeoutError, OverloadedError, RequestTooLargeError
from lastly.scheduling.metrics import Metrics


class Bodies:
    """The bodies of all calls inside, counted from their first byte until their call is answered."""

    def __init__(self, settings: Settings, metrics: Metrics, retry_after: Callable[[], int]) -> None:
        self._most = settings.max_body_bytes
        self._room = settings.max_queue_bytes
        self._seconds = settings.body_timeout_ms / 1000
        self._retry_after = retry_after
        self._gauge = metrics.queue_bytes
        self._held = 0

    @contextmanager
    def one(self) -> Iterator["Body"]:
        """Give a body that counts until the end of the context."""
        body = Body(self, self._seconds)
        try:
            yield body
        finally:
            self._hold(-body.size)

    def take(self, body: "Body", size: int) -> None:
        """Count bytes that came; raises RequestTooLargeError or OverloadedError."""
        body.size += size
        self._hold(size)
        self._check(body.size, others=self._held - body.size)

    def announce(self, size: int) -> None:
        """Raise RequestTooLargeError or OverloadedError where so many bytes more would."""
        self._check(size, others=self._held)

    def _check(self, size: int, others: int) -> None:
        """Refuse a body that is too long in itself, or beside others; alone each fits that is not."""
        if size > self._most:
            raise RequestTooLargeError(f"the body is over {self._most} bytes; send fewer documents")
        if size and others and others + size > self._room:
            raise OverloadedError("the queue's bytes are used up; retry later or add a replica", self._retry_after())

    def _hold(self, size: int) -> None:
        self._held += size
        self._gauge.set(self._held)


class Body:
    """One body on its way in; `size` is what has come of it."""

    def __init__(self, bodies: Bodies, seconds: float) -> None:
        self._bodies = bodies
        self._seconds = seconds
        self.size = 0

    async def read(self, headers: Headers, receive: Receive) -> bytes | None:
        """Give the whole body, None where the caller hung up.

        Raises RequestTooLargeError, OverloadedError or BodyTimeoutError.
        """
        announced = headers.get("content-length", "0")
        self._bodies.announce(int(announced) if announced.isdecimal() else 0)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._read(receive)
        except TimeoutError:
            raise BodyTimeoutError(f"the body took over {self._seconds:g} s; send it faster or smaller") from None

    async def _read(self, receive: Receive) -> bytes | None:
        chunks: list[bytes] = []
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            self._bodies.take(self, len(chunks[-1]))
            more = message.get("more_body", False)
        return b"".join(chunks)
