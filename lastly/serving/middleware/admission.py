"""What happens around every request: an id, a count, a line in the log, and what is refused before it is read."""

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable

from prometheus_client import Counter
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lastly.errors import LastlyError, UnauthorizedError
from lastly.serving.body_budget import Bodies
from lastly.serving.error_responses import answer
from lastly.serving.service import Service

REQUEST_ID = "X-Request-Id"
RERANK_PATHS = frozenset({"/v1/rerank", "/v2/rerank", "/rerank"})
OPEN_PATHS = frozenset({"/health/live", "/health/ready", "/metrics", "/docs", "/docs/oauth2-redirect", "/openapi.json"})
_SAFE_ID = re.compile(r"[\w.:+/=-]{1,128}", re.ASCII)
_log = logging.getLogger("lastly.requests")


class Door:
    """Refuses what needs no reading: unknown keys (401), a full queue (429), then bodies too long (413) or slow (408).

    The body is read whole before anything parses it.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        self._bodies = Bodies(service.settings, service.metrics, service.retry_after)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the whole body on as one message, or answer with the error."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["arrived"] = time.monotonic()  # a caller's time runs while its body comes
        headers = Headers(scope=scope)
        with self._bodies.one() as body:
            try:
                self._check(scope["path"], headers)
                whole = await body.read(headers, receive)
            except LastlyError as error:
                await (await answer(Request(scope), error))(scope, receive, send)
                return
            if whole is not None:
                await self._app(scope, _replay(whole, receive), send)

    def _check(self, path: str, headers: Headers) -> None:
        if path not in OPEN_PATHS and self._service.keys.required:
            self._check_key(headers.get("authorization", ""))
        if path in RERANK_PATHS:
            self._service.check_room()

    def _check_key(self, authorization: str) -> None:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not self._service.keys.known(key.strip()):
            raise UnauthorizedError("send one of the sidecar's keys as Authorization: Bearer KEY")


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


class Traced:
    """Spans rerank calls."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._tracing = service.tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a rerank call inside a span."""
        if scope["type"] != "http" or scope["path"] not in RERANK_PATHS:
            await self._app(scope, receive, send)
            return
        with self._tracing.request(scope["path"], Headers(scope=scope)):
            await self._app(scope, receive, send)


class RequestId:
    """Gives every answer the caller's X-Request-Id, or one of its own where that is missing or odd."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the id into the request's state and the answer's headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _SAFE_ID.fullmatch(given) else secrets.token_hex(16)
        scope.setdefault("state", {})["request_id"] = request_id

        def add_id(message: Message) -> None:
            MutableHeaders(scope=message)[REQUEST_ID] = request_id

        await self._app(scope, receive, _at_start(send, add_id))


class RequestCount:
    """Counts answers by path and status and logs those of rerank calls; other people's paths count together."""

    def __init__(self, app: ASGIApp, requests: Counter) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count and log at the answer's start."""
        started = time.monotonic()

        def count(message: Message) -> None:
            path = scope["path"] if scope["path"] in RERANK_PATHS | OPEN_PATHS else _route(scope)
            self._requests.labels(path, str(message["status"])).inc()
            if path in RERANK_PATHS:
                _log.info("answered", extra=_line(scope, path, message["status"], time.monotonic() - started))

        await self._app(scope, receive, _at_start(send, count))


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "other"))


def _line(scope: Scope, path: str, status: int, seconds: float) -> dict[str, object]:
    return {
        "request_id": scope.get("state", {}).get("request_id"),
        "path": path,
        "status": status,
        "ms": round(seconds * 1000, 1),
    }


def _at_start(send: Send, act: Callable[[Message], None]) -> Callable[[Message], Awaitable[None]]:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            act(message)
        await send(message)

    return sent
