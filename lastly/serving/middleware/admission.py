"""Authentication and admission: what is refused before anything of a request is parsed."""

import re
import time

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lastly.errors import LastlyError, UnauthorizedError
from lastly.serving.body import announced_bytes, has_body, read_body
from lastly.serving.body_budget import BodyBudget
from lastly.serving.bounded_route import BODY
from lastly.serving.connections.protocol import DISCARD_BODY
from lastly.serving.error_responses import error_response
from lastly.serving.middleware.paths import OPEN_PATHS, RERANK_PATHS
from lastly.serving.service import Service

_MILLISECONDS = re.compile(r"[1-9][0-9]{0,8}")


class AdmissionMiddleware:
    """Refuses what needs no reading: unknown keys (401), a full queue (429); then bodies too long (413) or slow (408).

    The body is read whole before anything parses it. A call that is refused before its body's end closes the
    connection, and nothing more of it is parsed.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        self._body_s = service.settings.body_timeout_ms / 1000
        self._budget = BodyBudget(service.settings, service.metrics, service.retry_after)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the whole body on as one message, or answer with the error."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["arrived"] = time.monotonic()  # a caller's time runs while its body comes
        headers = Headers(scope=scope)
        with self._budget.open() as share:
            try:
                self._check(scope, headers)
                body = await read_body(headers, receive, self._budget, share, self._body_s)
            except LastlyError as error:
                await _refuse(error, scope, receive, send)
                return
            if body is None:
                return
            if scope["path"] in RERANK_PATHS:
                scope["state"][BODY] = body
            else:
                receive = _replay(body, receive)
            del body  # who parses it lets go of it
            await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        path = scope["path"]
        if path not in OPEN_PATHS and self._service.keys.required:
            self._check_key(headers.get("authorization", ""))
        if path in RERANK_PATHS:
            timeout = headers.get("x-request-timeout-ms", "")
            self._service.check_capacity(int(timeout) if _MILLISECONDS.fullmatch(timeout) else None, _arrived(scope))

    def _check_key(self, authorization: str) -> None:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not self._service.keys.known(key.strip()):
            raise UnauthorizedError("send one of the sidecar's keys as Authorization: Bearer KEY")


def _arrived(scope: Scope) -> float:
    arrived: float = scope["state"]["arrived"]
    return arrived


async def _refuse(error: LastlyError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with an error while a body may still be coming; close the connection after it."""
    headers = Headers(scope=scope)
    response = await error_response(Request(scope), error)
    if not has_body(headers):
        await response(scope, receive, send)
        return
    response.headers["Connection"] = "close"
    discard = scope["state"].get(DISCARD_BODY)

    async def send_then_discard(message: Message) -> None:
        if message["type"] != "http.response.body" or discard is None:
            await send(message)
            return
        await send({**message, "more_body": True})
        await discard(announced_bytes(headers))
        await send({"type": "http.response.body"})

    await response(scope, receive, send_then_discard)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
