"""What a first stage found, whichever it was: documents of this machine or an engine's."""

from typing import Protocol


class FoundDocument(Protocol):
    """A document as reranking and its reports read it."""

    @property
    def id(self) -> str:
        """The id that its owner chose."""
        ...

    @property
    def title(self) -> str:
        """Its title; empty where it has none."""
        ...

    @property
    def text(self) -> str:
        """Its text without the title."""
        ...

    @property
    def passage(self) -> str:
        """What the model reads."""
        ...


class Hit(Protocol):
    """A first-stage hit; the score is of the first stage's own scale."""

    @property
    def document(self) -> FoundDocument:
        """What was found."""
        ...

    @property
    def score(self) -> float:
        """How well it fits, in the first stage's eyes."""
        ...
