"""Documents as engines take them and find them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Document:
    """One document: its owner's id, its title (empty where it has none) and text."""

    id: str
    text: str
    title: str = ""

    @classmethod
    def of_fields(cls, id: str, values: Sequence[Any]) -> "Document":  # noqa: A002  what it is
        """Return the document of a hit's fields, in the passage's order: the first of several is its title."""
        texts = [text for value in values if (text := _text(value))]
        return cls(id, "\n".join(texts[1:] or texts), texts[0] if len(texts) > 1 else "")

    @property
    def passage(self) -> str:
        """What the model reads: title and text, each on its own line."""
        return f"{self.title}\n{self.text}" if self.title else self.text


@dataclass(frozen=True)
class Hit:
    """A document that an engine found, with the engine's score."""

    document: Document
    score: float


def _text(value: Any) -> str:
    """Return a field's text; several values make several lines."""
    if isinstance(value, list):
        return "\n".join(str(part) for part in value)
    return "" if value is None else str(value)
