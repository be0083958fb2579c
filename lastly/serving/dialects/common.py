"""What every form becomes inside, and what they share."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, FailFast, Field, Strict, StringConstraints
from pydantic_core import PydanticCustomError

from lastly.model.prompt import without_lone_surrogates
from lastly.types import LongDocuments, Query, Truncation

QueryText = Annotated[str, StringConstraints(min_length=1)]
# A text that goes back to its caller: what it holds must fit into UTF-8.
ReturnedText = Annotated[str, AfterValidator(without_lone_surrogates)]


def _number(value: object) -> object:
    """Refuse what pydantic would read as a number though the page of the API names none: texts, true and false."""
    if isinstance(value, bool | str):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


Count = Annotated[int, Field(ge=1), BeforeValidator(_number)]  # 2.0 is one, as in JSON Schema
Share = Annotated[float, Field(ge=0, le=1), Strict()]  # an integer is one too
Flag = Annotated[bool, Strict()]  # true or false, not 0 or "no"


class Document(BaseModel):
    """A document as an object; further keys are ignored."""

    text: ReturnedText


# The first wrong one ends it: naming each of a body's five million took four minutes of the event loop.
Texts = Annotated[list[str], FailFast()]
Documents = Annotated[list[str | Document], FailFast()]


@dataclass(frozen=True)
class RerankCall:
    """A rerank call of any form; None leaves a choice to the model."""

    query: Query
    texts: list[str]
    model: str | None = None
    max_doc_length: int | None = None
    max_query_length: int | None = None
    long_documents: LongDocuments | None = None
    lexical_weight: float | None = None
    truncate: bool = True
    embeddings: bool = False

    def truncation(self, default: Truncation) -> Truncation:
        """Return the cut asked for, the model's own where none is named."""
        return Truncation(
            self.max_doc_length or default.max_doc_length,
            self.max_query_length or default.max_query_length,
            refuse=not self.truncate,
            long_documents=self.long_documents or default.long_documents,
        )


def texts_of(documents: "list[str | Document]") -> list[str]:
    """Return the documents' texts, in order."""
    return [document if isinstance(document, str) else document.text for document in documents]


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
    object: Literal["model"] = "model"
    owned_by: str = ""
    licence: str
    maximum_length: int
    block_size: int
    dtype: str


class ModelList(BaseModel):
    """`GET /v1/models`."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class Health(BaseModel):
    """`GET /health/live` and `/health/ready`."""

    status: str


class Info(BaseModel):
    """`GET /info`: what runs here and what it takes; the last two as Text Embeddings Inference names them."""

    name: str = "lastly"
    version: str
    model: str
    providers: list[str]
    limits: dict[str, Any]
    model_id: str
    max_client_batch_size: int = Field(description="documents in one request")
