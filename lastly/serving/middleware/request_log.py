"""A count of every answer, and a line in the log for every rerank call."""

import logging
import time

from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lastly.serving.middleware.paths import OPEN_PATHS, RERANK_PATHS
from lastly.serving.middleware.response_start import at_response_start

_log = logging.getLogger("lastly.requests")


class RequestLogMiddleware:
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

        await self._app(scope, receive, at_response_start(send, count))


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "other"))


def _line(scope: Scope, path: str, status: int, seconds: float) -> dict[str, object]:
    return {
        "request_id": scope.get("state", {}).get("request_id"),
        "path": path,
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
