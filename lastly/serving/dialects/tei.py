"""`POST /rerank`, the form of Text Embeddings Inference."""

from pydantic import BaseModel, Field

from lastly.serving.dialects.cohere import to_share
from lastly.serving.dialects.common import Flag, QueryText, RerankCall, ReturnedText, Texts
from lastly.types import Query, Ranking


class TeiRequest(BaseModel):
    """What is reranked and how."""

    query: QueryText = Field(description="what the user searched for")
    texts: Texts = Field(description="first-stage hits, in first-stage order")
    raw_scores: Flag = Field(False, description="give the score itself, -1 to 1, instead of 0 to 1")
    return_text: Flag = Field(False, description="give each result its text back")
    truncate: Flag | None = Field(None, description="false: refuse texts over the model's cut instead of cutting")

    def to_call(self) -> RerankCall:
        """Return the call in the form that travels inside."""
        return RerankCall(Query(self.query), self.texts, truncate=self.truncate is not False)


class TeiResult(BaseModel):
    """One text after reranking."""

    index: int = Field(description="place in the request's texts")
    score: float
    text: ReturnedText | None = None


def results_of(request: TeiRequest, ranking: Ranking) -> list[TeiResult]:
    """Build the answer to a request, best first."""
    return [
        TeiResult(
            index=ranked.index,
            score=ranked.score if request.raw_scores else to_share(ranked.score),
            text=request.texts[ranked.index] if request.return_text else None,
        )
        for ranked in ranking.results
    ]
