"""What happens around every request: an id, a count, a size limit before anything is parsed."""

import re
import secrets

from prometheus_client import Counter
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lastly.error_answers import answer
from lastly.errors import RequestTooLargeError

REQUEST_ID = "X-Request-Id"
_SAFE_ID = re.compile(r"[\w.:+/=-]{1,128}", re.ASCII)


class BodyLimit:
    """Reads a request's body before anything parses it, and refuses it once it is over `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the whole body on as one message, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(Headers(scope=scope), receive)
        except RequestTooLargeError as error:
            await (await answer(Request(scope), error))(scope, receive, send)
            return
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes | None:
        """Give the body, None where the caller hung up."""
        announced = headers.get("content-length", "0")
        self._check(int(announced) if announced.isdecimal() else 0)
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            self._check(size)
            more = message.get("more_body", False)
        return b"".join(chunks)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise RequestTooLargeError(f"the body is over {self._limit} bytes; send fewer documents")


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


class RequestId:
    """Gives every answer the caller's X-Request-Id, or one of its own where that is missing or odd."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the header to the answer's start."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _SAFE_ID.fullmatch(given) else secrets.token_hex(16)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


class RequestCount:
    """Counts answers by path and status; paths that are not the app's own count together."""

    def __init__(self, app: ASGIApp, requests: Counter) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count at the answer's start."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                path = getattr(scope.get("route"), "path", "other")
                self._requests.labels(path, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counted)
