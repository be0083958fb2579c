"""Runs the sidecar's application until it is told to stop."""

import asyncio
import logging
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from lastly.config import Settings
from lastly.errors import InvalidRequestError
from lastly.logs import configure
from lastly.serving.app import create_app
from lastly.serving.connections.addresses import is_loopback, listening_socket, shown
from lastly.serving.connections.listener import PausingListener, ignore_reported
from lastly.serving.connections.protocol import BoundedProtocol
from lastly.serving.credentials.certificate import Certificate

_LAST_THREADS_S = 3  # for the threads of encoder and model, which no thread can end from outside
_LAST_ANSWERS_S = 2  # to send the refusals of calls that did not end while the server drained
Build = Callable[[Settings], FastAPI]


class Listening:
    """A sidecar that holds its port and is ready to run."""

    def __init__(self, settings: Settings, listener: socket.socket, build: Build = create_app) -> None:
        self._listener = listener
        self._server = _Server(build(settings), settings)
        self.host, self.port = listener.getsockname()[:2]

    @property
    def failed(self) -> bool:
        """Whether the model could not be loaded."""
        return self._server.failed

    def run(self) -> None:
        """Serve until `stop`, SIGTERM or SIGINT; running requests get `drain_timeout_s`."""
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Ask a running server to stop."""
        self._server.should_exit = True

    def end_process_when_stopped(self) -> None:
        """End the process a few seconds after the time to drain, even where a thread does not end."""
        self._server.ends_process = True


@contextmanager
def listen(settings: Settings, build: Build = create_app) -> Iterator[Listening]:
    """Take the port; raises InvalidRequestError where it can't be had, ModelFolderError for a wrong model folder."""
    try:
        listener = listening_socket(settings.host, settings.port, backlog=1024)
    except OSError as error:
        raise InvalidRequestError(
            f"cannot listen on {settings.host} port {settings.port} ({error.strerror}); choose another host or port"
        ) from error
    with PausingListener(listener) as pausing:
        yield Listening(settings, pausing, build)


def serve(settings: Settings, build: Build = create_app) -> int:
    """Run the sidecar, or what `build` makes of it, in the foreground; returns the exit status."""
    configure(settings.log_level, settings.log_format)
    scheme = "https" if settings.tls_cert else "http"
    with listen(settings, build) as listening:
        listening.end_process_when_stopped()
        print(f"listening on {scheme}://{shown(listening.host, listening.port)}", file=sys.stderr, flush=True)
        if warning := _open_to_all(settings):
            print(warning, file=sys.stderr, flush=True)
        listening.run()
        return 1 if listening.failed else 0


def _open_to_all(settings: Settings) -> str:
    """Return what to say of a sidecar that other machines reach and that asks for no key; empty otherwise."""
    keys = settings.api_key or settings.api_key_sha256 or settings.api_key_file
    if keys or is_loopback(settings.host):
        return ""
    return f"no key is asked for: whoever reaches {settings.host} may use this sidecar; --api-key-file changes that"


class _Server(uvicorn.Server):
    """Stops by itself where the model cannot be loaded."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,  # uvicorn would take whichever parser and loop happen to be installed
            loop="asyncio",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.drain_timeout_s + _LAST_ANSWERS_S,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
        )
        super().__init__(config)
        _load(config)
        self._app = app
        self._certificate = _certificate(config, settings)
        self._drain_s = settings.drain_timeout_s
        self._reloads: set[asyncio.Task[None]] = set()
        self.failed = self.ends_process = False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Also take SIGHUP, which loads the models again; only the main thread may take signals."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_report)
        if threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, self._reload)
        with super().capture_signals():
            yield
            self._captured_signals.clear()  # uvicorn raises them again at the end; a drained stop is a success

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the calls inside end within the limit; those that have not by then are answered with a 503."""
        if self.ends_process:
            end_process_after(self._drain_s + _LAST_ANSWERS_S + _LAST_THREADS_S)
        over = asyncio.get_running_loop().call_later(self._drain_s, self._app.state.service.fail_all)
        try:
            await super().shutdown(sockets)
        finally:
            over.cancel()

    def _reload(self) -> None:
        reloading = asyncio.create_task(self._app.state.service.reload())
        self._reloads.add(reloading)  # the loop itself keeps no task alive
        reloading.add_done_callback(self._reloads.discard)

    async def on_tick(self, counter: int) -> bool:
        """Look at the loading model and the certificate once a tick (0.1 s)."""
        if self._certificate is not None:
            self._certificate.refresh()
        loading: asyncio.Task[None] = self._app.state.loading
        self.failed = loading.done() and not loading.cancelled() and loading.exception() is not None
        return await super().on_tick(counter) or self.failed


def end_process_after(seconds: float) -> None:
    """End this process after so long, where it has not ended by itself."""

    def end() -> None:
        logging.getLogger("lastly").error("work did not end within the time to drain; the process ends now")
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody caught, but for the pauses that the listener reports itself."""
    if not ignore_reported(context):
        loop.default_exception_handler(context)


def _certificate(config: uvicorn.Config, settings: Settings) -> Certificate | None:
    if config.ssl is None or settings.tls_cert is None or settings.tls_key is None:
        return None
    return Certificate(config.ssl, settings.tls_cert, settings.tls_key)


def _load(config: uvicorn.Config) -> None:
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise InvalidRequestError(
            f"the certificate or its key cannot be used ({error.strerror}); check tls_cert and tls_key"
        ) from error
