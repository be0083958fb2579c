"""uvicorn's HTTP/1.1 over h11, with a deadline for every wait and nothing read of a body before it is wanted."""

import asyncio
import logging
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

from lastly.serving.connections.bounded_parser import BoundedParser

DISCARD_BODY = "lastly.discard_body"  # of a request's state: lets go of a body that is refused
_HEAD_BYTES = 16_384
_HEAD_S = 10.0  # to send a request's head, from the connection or the last answer on
_WRITE_S = 30.0  # to take an answer that fills the connection's buffers
_DISCARD_S = 0.2  # to send the rest of a refused body, thrown away unparsed; a closed socket could lose the answer
_DISCARD_BYTES = 1 << 20
_log = logging.getLogger("lastly.connections")
_log.setLevel(logging.ERROR)  # uvicorn warns of each request that is no HTTP: lines that any caller could write


class BoundedProtocol(H11Protocol):
    """One connection."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.logger = _log
        self.conn: BoundedParser = BoundedParser(_HEAD_BYTES)
        self._application, self.app = self.app, self._call
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._discarding: asyncio.Event | None = None
        self._to_discard = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; the first head has its time from here."""
        super().connection_made(transport)
        self.flow = _BodyOnDemand(transport, self)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End every wait."""
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        if self._discarding is not None:
            self._discarding.set()
        self.conn.want_body()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes: parse them, keep them until their body is wanted, or throw them away."""
        if self._discarding is not None:
            self._discard(len(data))
            return
        super().data_received(data)
        if self.conn.holding:
            self.flow.pause_reading()

    def body_wanted(self) -> None:
        """Parse what was held back."""
        if self.conn.holding:
            self.conn.want_body()
            self.handle_events()

    def on_response_complete(self) -> None:
        """Wait for the next head, within its time."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._expect_head()

    def pause_writing(self) -> None:
        """Wait for a caller who reads too slowly, within a time."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(_WRITE_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        if self._write_timer is not None:
            self._write_timer.cancel()
        super().resume_writing()

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][DISCARD_BODY] = self._discard_body
        await self._application(scope, receive, send)

    async def _discard_body(self, announced: int) -> None:
        """Throw away what still comes of the body, unparsed, for a moment: the caller then reads its answer."""
        left = announced - self.conn.buffered if announced else _DISCARD_BYTES
        if left <= 0:
            return
        self._to_discard, self._discarding = min(left, _DISCARD_BYTES), asyncio.Event()
        if self.flow.read_paused:
            self.flow.read_paused = False
            self.transport.resume_reading()
        try:
            async with asyncio.timeout(_DISCARD_S):
                await self._discarding.wait()
        except TimeoutError:
            return

    def _discard(self, size: int) -> None:
        self._to_discard -= size
        if self._to_discard <= 0 and self._discarding is not None:
            self.flow.pause_reading()
            self._discarding.set()

    def _expect_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
        self._head_timer = self.loop.call_later(_HEAD_S, self._head_is_late)

    def _head_is_late(self) -> None:
        if (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing():
            self.transport.close()


class _BodyOnDemand(FlowControl):
    """Tells the connection when the application asks for a body."""

    def __init__(self, transport: asyncio.Transport, protocol: BoundedProtocol) -> None:
        super().__init__(transport)
        self._protocol = protocol

    def resume_reading(self) -> None:
        """Read on; the application waits for the body, or has answered without it."""
        super().resume_reading()
        if not self._protocol.transport.is_closing():
            self._protocol.body_wanted()
