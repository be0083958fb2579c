"""The prompt: a property of the model folder, filled with sanitized texts.

User text can never act as control: the two marker strings are deleted (as the published code does), the template's
own tags get a space after their first character, and anything else that looks like a control token stays plain text,
because `lastly.ranking.tokenization` honours only control tokens that the template wrote.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import BaseModel, ConfigDict, model_validator

from lastly.types import Block

_PLACEHOLDER = re.compile(r"\{(count|query|instruction|index|document)\}")
_ALLOWED = {
    "prefix": {"count", "query"},
    "instruction": {"instruction"},
    "document": {"index", "document"},
    "suffix": {"query"},
}


@dataclass(frozen=True)
class Piece:
    """A stretch of the prompt; only the template's own pieces may hold control tokens."""

    text: str
    template: bool


class PromptTemplate(BaseModel):
    """prefix, instruction (if any), documents joined by `separator`, suffix.

    Placeholders: prefix {count} {query}; instruction {instruction}; document {index} {document}; suffix {query}.
    `guarded` lists the tags that a user's text must not be able to forge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: str
    instruction: str
    document: str
    separator: str
    suffix: str
    guarded: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _placeholders_belong(self) -> "PromptTemplate":
        for part, allowed in _ALLOWED.items():
            unknown = set(_PLACEHOLDER.findall(getattr(self, part))) - allowed
            if unknown:
                raise ValueError(f"{part} holds {sorted(unknown)}; it may hold only {sorted(allowed)}")
        if "{document}" not in self.document:
            raise ValueError("document holds no {document}")
        return self

    @cached_property
    def parts(self) -> Mapping[str, list[str]]:
        """Each part split into literal text (even places) and placeholder names (odd places)."""
        return {part: _PLACEHOLDER.split(getattr(self, part)) for part in _ALLOWED}


def render(template: PromptTemplate, block: Block) -> Iterator[Piece]:
    """Yield the whole prompt of a block, piece by piece; its texts must have passed `sanitize`."""
    values = {"count": str(len(block.candidates)), "query": block.query.text}
    yield from _fill(template, "prefix", values)
    if block.query.instruction:
        yield from _fill(template, "instruction", {"instruction": block.query.instruction})
    for place, candidate in enumerate(block.candidates):
        if place:
            yield Piece(template.separator, template=True)
        yield from _fill(template, "document", {"index": str(place), "document": candidate.text})
    yield from _fill(template, "suffix", values)


def _fill(template: PromptTemplate, part: str, values: Mapping[str, str]) -> Iterator[Piece]:
    for place, piece in enumerate(template.parts[part]):
        if place % 2:
            yield Piece(values[piece], template=False)
        elif piece:
            yield Piece(piece, template=True)


def sanitize(text: str, markers: tuple[str, ...], guarded: tuple[str, ...]) -> str:
    """Make a user's text harmless; ordinary text is returned unchanged.

    Markers are deleted in one pass each, as the published code does. What nested markers leave behind
    ("<|embed_<|embed_token|>token|>") needs no second pass: it enters as plain text and is never read as a marker.
    """
    for marker in markers:
        text = text.replace(marker, "")
    for tag in guarded:
        text = text.replace(tag, f"{tag[0]} {tag[1:]}")
    return without_lone_surrogates(text)


def without_lone_surrogates(text: str) -> str:
    """Replace lone surrogates, which JSON can carry but neither a tokenizer nor UTF-8 can, by U+FFFD."""
    return text if _encodable(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
