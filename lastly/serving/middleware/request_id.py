"""An id for every request."""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lastly.serving.middleware.response_start import at_response_start

REQUEST_ID = "X-Request-Id"
_SAFE_ID = re.compile(r"[\w.:+/=-]{1,128}", re.ASCII)


class RequestIdMiddleware:
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

        await self._app(scope, receive, at_response_start(send, add_id))
