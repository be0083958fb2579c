"""The HTTP paths, each a few lines: read, ask the service, answer."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.security import HTTPBearer

from lastly import __version__
from lastly.serving.bounded_route import BoundedRoute
from lastly.serving.dialects.cohere import CohereRequest, CohereResponse
from lastly.serving.dialects.common import ErrorResponse, Health, Info, ModelCard, ModelList, RerankCall
from lastly.serving.dialects.jina import RerankRequest, RerankResponse
from lastly.serving.dialects.plain import PlainRequest
from lastly.serving.dialects.tei import TeiRequest, TeiResult, results_of
from lastly.serving.disconnect import cancel_on_disconnect
from lastly.serving.service import Service
from lastly.types import Ranking

# Only describes the key in the OpenAPI page: `middleware.AdmissionMiddleware` checks it before a body is read.
_bearer = HTTPBearer(auto_error=False, description="one of the sidecar's keys, where any are set")
_STATUSES = (400, 401, 408, 413, 422, 429, 503, 504)
_ERRORS: dict[int | str, dict[str, Any]] = {status: {"model": ErrorResponse} for status in _STATUSES}


def service_of(request: Request) -> Service:
    """Return the service of the app that the request came to."""
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(service_of)]
TimeLeft = Annotated[int | None, Header(alias="X-Request-Timeout-Ms", ge=1, description="the caller's remaining time")]


api = APIRouter(dependencies=[Depends(_bearer)], responses=_ERRORS)
rerank_api = APIRouter(dependencies=[Depends(_bearer)], responses=_ERRORS, route_class=BoundedRoute)
open_api = APIRouter()


async def _rank(request: Request, call: RerankCall, timeout_ms: int | None) -> tuple[str, Ranking]:
    work = service_of(request).rerank(call, timeout_ms, request.state.arrived)
    return await cancel_on_disconnect(request.receive, work)


@rerank_api.post(
    "/v1/rerank",
    response_model_exclude_none=True,
    summary="Rerank documents for a query (Jina form)",
)
async def rerank(body: RerankRequest, request: Request, time_left: TimeLeft = None) -> RerankResponse:
    """Rank the documents in one context; results come best first."""
    name, ranking = await _rank(request, body.to_call(), time_left)
    return RerankResponse.of(name, body, ranking)


@rerank_api.post("/v2/rerank", summary="Rerank documents for a query (Cohere form)")
async def rerank_cohere(body: CohereRequest, request: Request, time_left: TimeLeft = None) -> CohereResponse:
    """Rank the documents in one context; results come best first."""
    _, ranking = await _rank(request, body.to_call(), time_left)
    return CohereResponse.of(request.state.request_id, body, ranking)


@rerank_api.post(
    "/rerank",
    response_model_exclude_none=True,
    summary="Rerank texts for a query (TEI, vLLM, Infinity forms)",
)
async def rerank_plain(
    body: PlainRequest, request: Request, time_left: TimeLeft = None
) -> list[TeiResult] | RerankResponse:
    """Rank the texts in one context; `texts` get a bare list back, `documents` the Jina form."""
    name, ranking = await _rank(request, body.to_call(), time_left)
    return results_of(body, ranking) if isinstance(body, TeiRequest) else RerankResponse.of(name, body, ranking)


@api.get("/v1/models", summary="The loaded models")
async def models(service: Served) -> ModelList:
    """List what `model` may name; the first is the default."""
    cards = [
        ModelCard(
            id=name,
            owned_by=manifest.source,
            licence=manifest.licence,
            maximum_length=manifest.maximum_length,
            block_size=manifest.block_size,
            dtype=manifest.dtype,
        )
        for name, manifest in service.models.manifests.items()
    ]
    return ModelList(data=cards)


@api.get("/info", summary="What runs here and what it takes")
async def info(service: Served) -> Info:
    """Return version, default model, execution providers and limits."""
    settings = service.settings
    limits = {
        name: getattr(settings, name)
        for name in ("max_documents", "max_body_bytes", "max_queue", "max_queue_tokens", "request_timeout_ms")
    }
    name, reranker = service.models.get(None)
    return Info(
        version=__version__,
        model=name,
        providers=reranker.session.providers,
        limits=limits,
        model_id=name,
        max_client_batch_size=settings.max_documents,
    )


@open_api.get("/health/live", summary="The process answers")
async def live() -> Health:
    """Tell an orchestrator not to restart this process."""
    return Health(status="live")


@open_api.get("/health/ready", summary="The models are warm", responses={503: {"model": ErrorResponse}})
async def ready(service: Served) -> Health:
    """Tell a balancer to send requests."""
    service.check_ready()
    return Health(status="ready")


@open_api.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(service: Served) -> Response:
    """Return all metrics in Prometheus' text form."""
    return Response(service.metrics.render(), media_type="text/plain; version=0.0.4")
