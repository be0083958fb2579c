"""The same application on Ray Serve: replicas that scale on the calls inside (extra `ray`)."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from fastapi import FastAPI

from lastly.config import Settings
from lastly.errors import InvalidRequestError, NotReadyError
from lastly.serving.app import create_app

APP = "lastly"
_HEALTH_S = 5
_UPSCALE_S = 5  # Ray's own half a minute of overload would be half a minute of refused searches


def serve_on_ray(settings: Settings) -> int:
    """Deploy on the running Ray cluster, or on a local one, until told to stop; returns the exit status."""
    with deployed(settings) as address:
        print(f"listening on {address}", flush=True)
        _wait_for_signal()
    return 0


@contextlib.contextmanager
def deployed(settings: Settings) -> Iterator[str]:
    """Deploy; yield the proxy's address once a replica is warm, and take the app off at the end.

    Raises InvalidRequestError where Ray is not installed, NotReadyError where no proxy or no replica became ready.
    """
    serve = _ray_serve()
    try:
        _start(serve, settings)
        serve.run(deployment(settings), name=APP, route_prefix="/")
    except (RuntimeError, TimeoutError) as error:
        raise NotReadyError("Ray could not start a proxy or a replica; its log names the reason") from error
    try:
        yield f"http://{settings.host}:{settings.port}"
    finally:
        serve.delete(APP)


def _start(serve: ModuleType, settings: Settings) -> None:
    """Start Ray's proxy; a slow machine's gets a second minute, which the deployment waits for."""
    options = {"host": settings.host, "port": settings.port}
    try:
        serve.start(http_options=options)
    except TimeoutError:
        serve.start(http_options=options)


def deployment(settings: Settings) -> Any:
    """Return the deployment: one process a replica, with as many CPUs as threads (a GPU for provider cuda)."""
    serve = _ray_serve()
    options = {
        "autoscaling_config": {
            "min_replicas": settings.ray_min_replicas,
            "max_replicas": settings.ray_max_replicas,
            "target_ongoing_requests": settings.ray_target_requests,
            "upscale_delay_s": _UPSCALE_S,
        },
        # Replicas refuse with 429 themselves, with reasons; Ray's own bound must not come first.
        "max_ongoing_requests": 2 * settings.max_queue,
        "health_check_period_s": _HEALTH_S,
        "graceful_shutdown_timeout_s": settings.drain_timeout_s,
        "ray_actor_options": {
            "num_cpus": settings.threads or 1,
            "num_gpus": 1 if settings.provider == "cuda" else 0,
        },
    }
    plain = Settings(**settings.model_dump())  # settings out of a file are of a class that can't travel

    def build() -> FastAPI:
        return create_app(plain, wait=True)

    return serve.deployment(**options)(serve.ingress(build)()).bind()


def _ray_serve() -> ModuleType:
    try:
        from ray import serve
    except ImportError as error:
        raise InvalidRequestError("Ray is not installed; install lastly[ray]") from error
    return serve


def _wait_for_signal() -> None:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
