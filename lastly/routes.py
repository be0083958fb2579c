"""The HTTP paths, each a few lines: read, ask the service, answer."""

import hmac
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from lastly.errors import UnauthorizedError
from lastly.schemas import ErrorResponse, Info, ModelCard, ModelList, RerankRequest, RerankResponse
from lastly.service import Service

_bearer = HTTPBearer(auto_error=False, description="the sidecar's API key, where one is set")
_STATUSES = (400, 401, 413, 422, 429, 503, 504)
_ERRORS: dict[int | str, dict[str, Any]] = {status: {"model": ErrorResponse} for status in _STATUSES}


def service_of(request: Request) -> Service:
    """Give the service of the app that the request came to."""
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(service_of)]


def check_key(service: Served, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
    """Raise UnauthorizedError unless the caller's key is the configured one (or none is configured)."""
    expected = service.settings.api_key
    if expected is None:
        return
    given = credentials.credentials if credentials else ""
    if not hmac.compare_digest(given.encode(), expected.get_secret_value().encode()):
        raise UnauthorizedError("send the sidecar's key as Authorization: Bearer KEY")


api = APIRouter(dependencies=[Depends(check_key)], responses=_ERRORS)
open_api = APIRouter()


@api.post("/v1/rerank", response_model_exclude_none=True, summary="Rerank documents for a query (Jina form)")
async def rerank(
    body: RerankRequest,
    service: Served,
    x_request_timeout_ms: Annotated[int | None, Header(ge=1, description="the caller's remaining time")] = None,
) -> RerankResponse:
    """Rank the documents in one context; results come best first."""
    ranking = await service.rerank(body, x_request_timeout_ms)
    return RerankResponse.of(service.manifest.name, body, ranking)


@api.get("/v1/models", summary="The loaded models")
async def models(service: Served) -> ModelList:
    """List what `model` may name."""
    manifest = service.manifest
    card = ModelCard(
        id=manifest.name,
        owned_by=manifest.source,
        licence=manifest.licence,
        maximum_length=manifest.maximum_length,
        block_size=manifest.block_size,
        dtype=manifest.dtype,
    )
    return ModelList(data=[card])


@api.get("/info", summary="What runs here and what it takes")
async def info(service: Served) -> Info:
    """Give version, model, execution providers and limits."""
    settings = service.settings
    limits = {
        name: getattr(settings, name) for name in ("max_documents", "max_body_bytes", "max_queue", "request_timeout_ms")
    }
    return Info(
        version=version("lastly"),
        model=service.manifest.name,
        providers=service.reranker.session.providers,
        limits=limits,
    )


@open_api.get("/health/live", summary="The process answers")
async def live() -> dict[str, str]:
    """Tell an orchestrator not to restart this process."""
    return {"status": "live"}


@open_api.get("/health/ready", summary="The model is warm", responses={503: {"model": ErrorResponse}})
async def ready(service: Served) -> dict[str, str]:
    """Tell a balancer to send requests."""
    _ = service.reranker
    return {"status": "ready"}


@open_api.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(service: Served) -> Response:
    """Give all metrics in Prometheus' text form."""
    return Response(service.metrics.render(), media_type="text/plain; version=0.0.4")
