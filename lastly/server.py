"""Runs the sidecar's application until it is told to stop."""

import asyncio
import logging
import socket
import sys

import uvicorn
from fastapi import FastAPI

from lastly.app import create_app
from lastly.config import Settings


class Server(uvicorn.Server):
    """Stops by itself where the model cannot be loaded, and then exits with 1."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=settings.drain_timeout_s,
            )
        )
        self._app = app
        self.failed = False

    async def on_tick(self, counter: int) -> bool:
        """Look at the loading model once a tick (0.1 s)."""
        loading: asyncio.Task[None] = self._app.state.loading
        self.failed = loading.done() and not loading.cancelled() and loading.exception() is not None
        return await super().on_tick(counter) or self.failed


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; running requests get `drain_timeout_s`. Gives the exit status."""
    logging.basicConfig(
        level=settings.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    server = Server(create_app(settings), settings)
    with socket.create_server((settings.host, settings.port), backlog=1024) as listener:
        host, port = listener.getsockname()[:2]
        print(f"listening on http://{host}:{port}", file=sys.stderr, flush=True)
        server.run(sockets=[listener])
    return 1 if server.failed else 0
