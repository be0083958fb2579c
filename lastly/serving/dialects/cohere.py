"""`POST /v2/rerank`, the form of Cohere's API."""

from typing import Any

from pydantic import BaseModel, Field

from lastly.serving.dialects.common import Count, Documents, QueryText, RerankCall, texts_of
from lastly.types import Query, Ranking


class CohereRequest(BaseModel):
    """What is reranked and how; Cohere's further keys are ignored."""

    model: str | None = Field(None, description="name of a loaded model; none: the default one")
    query: QueryText = Field(description="what the user searched for")
    documents: Documents = Field(description="first-stage hits, in first-stage order")
    top_n: Count | None = Field(None, description="how many results to return; none: all")
    max_tokens_per_doc: Count | None = Field(None, description="tokens read of each document")

    def to_call(self) -> RerankCall:
        """Return the call in the form that travels inside."""
        return RerankCall(Query(self.query), texts_of(self.documents), self.model, self.max_tokens_per_doc)


class CohereResult(BaseModel):
    """One document after reranking."""

    index: int = Field(description="place in the request's documents")
    relevance_score: float = Field(description="(1 + score) / 2, 0 to 1 as Cohere's scores are")


class CohereResponse(BaseModel):
    """Results, best first."""

    id: str = Field(description="the request's id")
    results: list[CohereResult]
    meta: dict[str, Any]

    @classmethod
    def of(cls, request_id: str, request: CohereRequest, ranking: Ranking) -> "CohereResponse":
        """Build the answer to a request."""
        results = [
            CohereResult(index=ranked.index, relevance_score=to_share(ranked.score))
            for ranked in ranking.results[: request.top_n]
        ]
        meta = {"api_version": {"version": "2"}, "tokens": {"input_tokens": ranking.tokens}}
        return cls(id=request_id, results=results, meta=meta)


def to_share(score: float) -> float:
    """Bring a score into 0 to 1, where callers of these forms expect it; the order stays."""
    return min(max((1 + score) / 2, 0.0), 1.0)
