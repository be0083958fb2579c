"""One form of each path, before anything else looks at it: no prefix of a proxy, no doubled or trailing slash."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

_SLASHES = re.compile("//+")


class NormalPathMiddleware:
    """Answers `/v1/rerank/` and `//v1/rerank` as `/v1/rerank`, below `root_path` too.

    A redirect would name a host that only the proxy's own side knows.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root = root_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its one path."""
        if scope["type"] == "http":
            path = self._normal(scope["path"])
            scope = {**scope, "path": path, "raw_path": path.encode(), "root_path": self._root}
        await self._app(scope, receive, send)

    def _normal(self, path: str) -> str:
        path = _SLASHES.sub("/", path)
        if self._root and (path == self._root or path.startswith(f"{self._root}/")):
            path = path[len(self._root) :]
        return path.rstrip("/") or "/"
