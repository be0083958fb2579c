"""A span for every rerank call."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from lastly.serving.middleware.paths import RERANK_PATHS
from lastly.serving.service import Service


class TracingMiddleware:
    """Opens a span around each rerank call."""

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
