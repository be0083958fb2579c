"""The sidecar's application with the lab's page and paths on top."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lastly.config import Settings
from lastly.lab.api import lab_api
from lastly.lab.hosts import AllowedHosts
from lastly.lab.sources import Source, Sources
from lastly.serving.app import create_app
from lastly.serving.connections.addresses import is_loopback

STATIC = Path(str(resources.files("lastly.lab") / "static"))
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


class Page:
    """Serves the page's files without a key (they hold nothing of the user's); all else goes on to the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._files = StaticFiles(directory=STATIC, html=True)
        self._paths = {"/", *(f"/{file.name}" for file in STATIC.iterdir())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file, under a policy that lets the page talk to this server alone."""
        if scope["type"] != "http" or scope["path"] not in self._paths or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cache-Control"] = "no-cache"
            await send(message)

        await self._files(scope, receive, guarded)


def create_lab(
    settings: Settings, sources: Sequence[Source], connect: bool = False, allowed_hosts: Sequence[str] = ()
) -> FastAPI:
    """Return the application; beside `settings.host` it answers to `allowed_hosts`, `localhost` and IP addresses.

    On loopback the page may connect to further engines, for it reaches no more than who sits before it does; elsewhere
    only with `connect`, for there it would reach what its callers can't.
    """
    app = create_app(settings)
    app.state.sources = Sources(sources, open_to_more=connect or is_loopback(settings.host))
    app.include_router(lab_api)
    app.add_middleware(Page)
    app.add_middleware(AllowedHosts, names=[settings.host, *allowed_hosts])
    return app
