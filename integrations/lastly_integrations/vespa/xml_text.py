"""Elements of an XML text with where they stand in it, so that a change leaves every other character as it was."""

from dataclasses import dataclass, field
from xml.parsers import expat

from lastly_integrations.vespa.errors import PackageError


@dataclass
class Element:
    """An element; offsets are counted in characters. `inside` and `close` meet where it is `<empty/>`."""

    name: str
    attributes: dict[str, str]
    start: int
    inside: int
    close: int = 0
    end: int = 0
    children: list["Element"] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Return whether the element is written as `<empty/>`."""
        return self.close == self.end

    def named(self, name: str) -> list["Element"]:
        """Return the children of this name."""
        return [child for child in self.children if child.name == name]

    def all(self, name: str) -> list["Element"]:
        """Return the elements of this name below this one, at any depth."""
        return [found for child in self.children for found in ([child] if child.name == name else []) + child.all(name)]


def parse(text: str, name: str) -> Element:
    """Read a text; raises PackageError where it isn't XML. `name` is the file's, for the message."""
    reader = _Reader(text)
    try:
        return reader.read()
    except expat.ExpatError as error:
        raise PackageError(f"{name} is not XML: {error}; correct it first") from error


class _Reader:
    """Follows expat through the text; its byte offsets are turned into characters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._bytes = text.encode()
        self._open: list[Element] = []
        self._root: Element | None = None
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended

    def read(self) -> Element:
        self._parser.Parse(self._bytes, True)
        assert self._root is not None  # noqa: S101  expat refuses a text without a root
        return self._root

    def _at(self) -> int:
        return len(self._bytes[: self._parser.CurrentByteIndex].decode())

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        start = self._at()
        element = Element(name, attributes, start, _tag_end(self._text, start))
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _ended(self, _name: str) -> None:
        element = self._open.pop()
        if self._text[element.inside - 2] == "/":
            element.close = element.end = element.inside
        else:
            element.close = self._at()
            element.end = _tag_end(self._text, element.close)


def _tag_end(text: str, start: int) -> int:
    """Return the offset after the `>` that ends the tag; a `>` in quotes doesn't."""
    quote = ""
    for at in range(start, len(text)):
        character = text[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == ">":
            return at + 1
    return len(text)
