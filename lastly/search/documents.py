"""Documents from a JSON lines file; a bad line is named and skipped, nothing else is lost."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from lastly.errors import InvalidRequestError

_SHOWN = 5


class Document(BaseModel):
    """One document: `id` and `text`, `title` where it has one; further keys are ignored."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    id: str
    text: str
    title: str = ""

    @property
    def passage(self) -> str:
        """What the model reads: title and text, each on its own line."""
        return f"{self.title}\n{self.text}" if self.title else self.text


@dataclass(frozen=True)
class BadLine:
    """A line that is not a document: its number (from 1) and why."""

    number: int
    reason: str


@dataclass
class Documents:
    """What a file held."""

    good: list[Document] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)

    def complaint(self) -> str | None:
        """Name the first bad lines and count all; None where every line was good."""
        if not self.bad:
            return None
        shown = "; ".join(f"line {line.number}: {line.reason}" for line in self.bad[:_SHOWN])
        more = "; …" if len(self.bad) > _SHOWN else ""
        return f"{len(self.bad)} of {len(self.bad) + len(self.good)} lines skipped ({shown}{more})"


def read(path: Path) -> Documents:
    """Read a file of one JSON object a line; blank lines do not count. Raises InvalidRequestError."""
    documents = Documents()
    seen: set[str] = set()
    try:
        for number, line in _lines(path):
            document = _parse(line)
            if isinstance(document, Document) and document.id in seen:
                document = "an id that an earlier line has"
            if isinstance(document, str):
                documents.bad.append(BadLine(number, document))
                continue
            seen.add(document.id)
            documents.good.append(document)
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be read: {error.strerror}") from error
    if not documents.good:
        raise InvalidRequestError(f"{path} holds no document; {documents.complaint() or 'it is empty'}")
    return documents


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line


def _parse(line: bytes) -> Document | str:
    try:
        return Document.model_validate_json(line)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        if fault["type"] == "json_invalid":
            return "not JSON"
        return f"{'.'.join(map(str, fault['loc'])) or 'line'}: {fault['msg']}"
