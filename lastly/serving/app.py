"""The sidecar's application: routes, middleware, and the models' loading."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from lastly.config import Settings
from lastly.errors import LastlyError
from lastly.serving.error_responses import error_response
from lastly.serving.middleware.admission import AdmissionMiddleware
from lastly.serving.middleware.methods import MethodsMiddleware
from lastly.serving.middleware.normal_path import NormalPathMiddleware
from lastly.serving.middleware.request_id import RequestIdMiddleware
from lastly.serving.middleware.request_log import RequestLogMiddleware
from lastly.serving.middleware.tracing import TracingMiddleware
from lastly.serving.routes import api, open_api, rerank_api
from lastly.serving.service import Service

_log = logging.getLogger("lastly")


def create_app(settings: Settings, *, wait: bool = False) -> FastAPI:
    """Build the application; the models load once it starts, with `wait` before it takes calls.

    Raises ModelFolderError for a wrong folder.
    """
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(service.start())
        loading.add_done_callback(_report_failure)
        app.state.loading = loading
        if wait:
            await loading
        yield
        loading.cancel()
        service.close()

    app = FastAPI(
        title="Lastly",
        summary="Listwise reranking for search engines",
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.service = service
    app.include_router(open_api)
    app.include_router(api)
    app.include_router(rerank_api)
    for error in (LastlyError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(error, error_response)
    app.add_middleware(MethodsMiddleware, routes=app.router.routes)
    app.add_middleware(AdmissionMiddleware, service=service)
    app.add_middleware(TracingMiddleware, service=service)
    app.add_middleware(RequestLogMiddleware, requests=service.metrics.requests)
    app.add_middleware(RequestIdMiddleware)
    app.add_middleware(NormalPathMiddleware, root_path=settings.root_path)
    return app


def _report_failure(loading: "asyncio.Task[None]") -> None:
    if not loading.cancelled() and (error := loading.exception()) is not None:
        _log.error("the model cannot be served: %s", error)
