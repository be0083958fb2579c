"""One search, both orders: the first stage's hits, the reranked ones, and what each took."""

import time
from dataclasses import dataclass

from lastly.search.bm25 import FirstStage, Hit
from lastly.search.documents import Document
from lastly_integrations.sidecar import SidecarClient


@dataclass(frozen=True)
class Reranked:
    """A hit in its new place: `was` is its place in the first stage, counted from 0."""

    document: Document
    score: float
    was: int


@dataclass(frozen=True)
class Comparison:
    """Both orders of one query's hits; times in seconds, as the caller saw them."""

    query: str
    first: list[Hit]
    reranked: list[Reranked]
    model: str
    tokens: int
    search_s: float
    rerank_s: float


def compare(first_stage: FirstStage, sidecar: SidecarClient, query: str, window: int) -> Comparison:
    """Search, rerank the first `window` hits through the sidecar, and keep both orders."""
    started = time.perf_counter()
    hits = first_stage.search(query, window)
    searched = time.perf_counter()
    answer = sidecar.rerank(query, [hit.document.passage for hit in hits])
    reranked = [
        Reranked(hits[result["index"]].document, result["relevance_score"], result["index"])
        for result in answer["results"]
    ]
    return Comparison(
        query=query,
        first=hits,
        reranked=reranked,
        model=answer["model"],
        tokens=answer["usage"]["total_tokens"],
        search_s=searched - started,
        rerank_s=time.perf_counter() - searched,
    )
