"""The HTTP dialects and how they become the types that travel inside, and back."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lastly.types import Candidate, Query, Ranking, Truncation


class Document(BaseModel):
    """A document as an object; further keys are ignored."""

    text: str


class RerankRequest(BaseModel):
    """`POST /v1/rerank`, the form of Jina's API."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"query": "capital of France", "documents": ["Paris is the capital.", "Lyon is a city."]}]
        }
    )

    query: str = Field(min_length=1, description="what the user searched for")
    documents: list[str | Document] = Field(description="first-stage hits, in first-stage order")
    model: str | None = Field(None, description="name of a loaded model; none: the default one")
    top_n: int | None = Field(None, ge=1, description="how many results to return; none: all")
    instruction: str | None = Field(None, description="how relevance is to be judged")
    return_documents: bool = Field(False, description="give each result its document back")
    return_embeddings: bool = Field(False, description="give each result its document's embedding")
    max_doc_length: int | None = Field(None, ge=1, description="tokens read of each document; none: the model's own")
    max_query_length: int | None = Field(None, ge=1, description="tokens read of the query; none: the model's own")

    def texts(self) -> list[str]:
        """Give the documents' texts, in order."""
        return [document if isinstance(document, str) else document.text for document in self.documents]

    def to_query(self) -> Query:
        """Give the query with its instruction."""
        return Query(self.query, self.instruction)

    def to_candidates(self) -> list[Candidate]:
        """Give the documents with their places."""
        return [Candidate(index, text) for index, text in enumerate(self.texts())]

    def to_truncation(self, default: Truncation) -> Truncation:
        """Give the cut asked for, the model's own where none is named."""
        return Truncation(
            self.max_doc_length or default.max_doc_length, self.max_query_length or default.max_query_length
        )


class Usage(BaseModel):
    """What the call cost."""

    total_tokens: int = Field(description="tokens that the model read, template included")


class RerankResult(BaseModel):
    """One document after reranking."""

    index: int = Field(description="place in the request's documents")
    relevance_score: float = Field(description="cosine of document and query, -1 to 1")
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
        texts = request.texts() if request.return_documents else []
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


class ErrorDetail(BaseModel):
    """What went wrong and what to do; never a user's text."""

    code: str
    message: str


class ErrorResponse(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorDetail


class ModelCard(BaseModel):
    """One loaded model."""

    id: str
    object: str = "model"
    owned_by: str = ""
    licence: str
    maximum_length: int
    block_size: int
    dtype: str


class ModelList(BaseModel):
    """`GET /v1/models`."""

    object: str = "list"
    data: list[ModelCard]


class Info(BaseModel):
    """`GET /info`: what runs here and what it takes."""

    name: str = "lastly"
    version: str
    model: str
    providers: list[str]
    limits: dict[str, Any]
