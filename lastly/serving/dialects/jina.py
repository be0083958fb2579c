"""`POST /v1/rerank`, the form of Jina's API, and of Cohere's first version where a caller sends that."""

from pydantic import BaseModel, ConfigDict, Field

from lastly.serving.dialects.common import (
    Count,
    Document,
    Documents,
    Flag,
    QueryText,
    RerankCall,
    Share,
    texts_of,
)
from lastly.types import LongDocuments, Query, Ranking


class RerankRequest(BaseModel):
    """What is reranked and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"query": "capital of France", "documents": ["Paris is the capital.", "Lyon is a city."]}]
        }
    )

    query: QueryText = Field(description="what the user searched for")
    documents: Documents = Field(description="first-stage hits, in first-stage order")
    model: str | None = Field(None, description="name of a loaded model; none: the default one")
    top_n: Count | None = Field(None, description="how many results to return; none: all")
    instruction: str | None = Field(None, description="how relevance is to be judged")
    return_documents: Flag = Field(False, description="give each result its document back")
    return_embeddings: Flag = Field(False, description="give each result its document's embedding")
    max_doc_length: Count | None = Field(None, description="tokens read of each document; none: the model's own")
    max_query_length: Count | None = Field(None, description="tokens read of the query; none: the model's own")
    long_documents: LongDocuments | None = Field(
        None,
        description=(
            "what is read of a document over max_doc_length: its beginning, or an excerpt, its beginning and the parts "
            "that hold the query's words; none: the model's own"
        ),
    )

    lexical_weight: Share | None = Field(
        None,
        description=(
            "share of the score that the query's words in a document make, the cosine the rest; 0: the cosine alone; "
            "none: the model's own"
        ),
    )

    def to_call(self) -> RerankCall:
        """Return the call in the form that travels inside."""
        return RerankCall(
            Query(self.query, self.instruction),
            texts_of(self.documents),
            self.model,
            self.max_doc_length,
            self.max_query_length,
            self.long_documents,
            self.lexical_weight,
            embeddings=self.return_embeddings,
        )


class Usage(BaseModel):
    """What the call cost."""

    total_tokens: int = Field(description="tokens that the model read, template included")


class RerankResult(BaseModel):
    """One document after reranking."""

    index: int = Field(description="place in the request's documents")
    relevance_score: float = Field(
        description="how well the document fits, -1 to 1: the cosine with the query, or with words counted in"
    )
    document: Document | None = None
    embedding: list[float] | None = None


class RerankResponse(BaseModel):
    """Results, best first."""

    model: str
    usage: Usage
    results: list[RerankResult]

    @classmethod
    def of(cls, name: str, request: RerankRequest, ranking: Ranking) -> "RerankResponse":
        """Build the answer to a request."""
        texts = texts_of(request.documents) if request.return_documents else []
        results = [
            RerankResult(
                index=ranked.index,
                relevance_score=ranked.score,
                document=Document(text=texts[ranked.index]) if texts else None,
                embedding=ranked.embedding.tolist() if request.return_embeddings else None,
            )
            for ranked in ranking.results[: request.top_n]
        ]
        return cls(model=name, usage=Usage(total_tokens=ranking.tokens), results=results)
