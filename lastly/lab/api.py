"""The lab's own paths; the sidecar's keys guard them."""

import asyncio
import time
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, SecretStr

from lastly.errors import ForbiddenError
from lastly.lab.sources import Sources
from lastly.search.hits import Hit
from lastly.serving.dialects.common import RerankCall
from lastly.serving.routes import Served
from lastly.types import Query, Ranking
from lastly_integrations.json_client import JsonClient

ENGINE_S = 10.0
_MAXIMUM_WINDOW = 200  # more rows than anybody reads on one page


class ShownSource(BaseModel):
    """A place to search; `up` is false for an engine that takes no connection now."""

    title: str
    up: bool


class Setup(BaseModel):
    """What the page offers; `connect`: whether it may name further engines."""

    sources: list[ShownSource]
    models: list[str]
    maximum_window: int
    connect: bool


class ConnectRequest(BaseModel):
    """An engine that the page names; its password stays in the lab's memory. `insecure` takes any certificate."""

    url: str = Field(min_length=1, max_length=2_000)
    user: str = Field("", max_length=300)
    password: SecretStr = Field(SecretStr(""), max_length=1_000)
    insecure: bool = False

    def client(self) -> JsonClient:
        """Return a client of the engine; raises InvalidRequestError for what is no http or https URL."""
        client = JsonClient(self.url, timeout_s=ENGINE_S, verify=not self.insecure)
        return client.signed_in(self.user, self.password.get_secret_value()) if self.user else client


class Connected(BaseModel):
    """The number of a source that was connected."""

    source: int


class SearchRequest(BaseModel):
    """One search of the page."""

    source: int = 0
    index: str = Field("", max_length=300)
    fields: list[Annotated[str, Field(max_length=300)]] = Field(
        default_factory=lambda: ["title", "text"], max_length=20
    )
    query: str = Field(min_length=1, max_length=10_000)
    window: int = Field(20, ge=1, le=_MAXIMUM_WINDOW)
    model: str | None = None
    instruction: str | None = Field(None, max_length=10_000)


class ShownHit(BaseModel):
    """A first-stage hit."""

    id: str
    title: str
    text: str
    score: float


class ShownMove(BaseModel):
    """A hit's place among the first stage's hits (from 0), in reranked order, and its new score."""

    was: int
    score: float


class SearchAnswer(BaseModel):
    """Both orders; times in milliseconds."""

    first: list[ShownHit]
    reranked: list[ShownMove]
    model: str
    tokens: int
    search_ms: float
    rerank_ms: float


def sources_of(request: Request) -> Sources:
    """Return the sources of the app that the request came to."""
    sources: Sources = request.app.state.sources
    return sources


Searched = Annotated[Sources, Depends(sources_of)]


def refuse_foreign_pages(request: Request) -> None:
    """Refuse what another site's page sends: a browser lets it send, and says whose page it was."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForbiddenError("the lab takes questions from its own page; open its address in this browser")


lab_api = APIRouter(prefix="/lab/api", tags=["lab"], dependencies=[Depends(refuse_foreign_pages)])


@lab_api.get("/setup", summary="What the lab can search and rerank with")
async def setup(sources: Searched, service: Served) -> Setup:
    """List sources and models."""
    window = min(_MAXIMUM_WINDOW, service.settings.max_documents)
    described = await asyncio.to_thread(sources.described)
    shown = [ShownSource(title=title, up=up) for title, up in described]
    models = list(service.models.manifests)
    return Setup(sources=shown, models=models, maximum_window=window, connect=sources.open)


@lab_api.post("/sources", summary="Connect to an engine")
async def connect(body: ConnectRequest, sources: Searched) -> Connected:
    """Ask the address what it is and add it to the sources."""
    return Connected(source=await asyncio.to_thread(sources.connect, body.client()))


@lab_api.get("/indices", summary="A source's indices")
async def indices(source: int, sources: Searched) -> list[str]:
    """Ask the source."""
    return await asyncio.to_thread(sources.get(source).indices)


@lab_api.get("/fields", summary="An index's text fields")
async def fields(source: int, index: str, sources: Searched) -> list[str]:
    """Ask the source."""
    return await asyncio.to_thread(sources.get(source).fields, index)


@lab_api.post("/search", summary="Search and rerank; both orders")
async def search(body: SearchRequest, sources: Searched, service: Served) -> SearchAnswer:
    """Search the first stage, rerank the window, answer both orders."""
    started = time.perf_counter()
    source = sources.get(body.source)
    hits = await asyncio.to_thread(source.search, body.index, body.fields, body.query, body.window)
    searched = time.perf_counter()
    name, ranking = body.model or "", Ranking([], tokens=0, blocks=0)
    if hits:
        query = Query(body.query, body.instruction or None)
        call = RerankCall(query, [hit.document.passage for hit in hits], model=body.model or None)
        name, ranking = await service.rerank(call, None)
    reranked = time.perf_counter()
    return SearchAnswer(
        first=[_shown(hit) for hit in hits],
        reranked=[ShownMove(was=result.index, score=result.score) for result in ranking.results],
        model=name,
        tokens=ranking.tokens,
        search_ms=1000 * (searched - started),
        rerank_ms=1000 * (reranked - searched),
    )


def _shown(hit: Hit) -> ShownHit:
    document = hit.document
    return ShownHit(id=document.id, title=document.title, text=document.text, score=hit.score)
