"""What Lastly writes stands between two marks, so that it is found again, renewed, and taken out without a trace."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Marks:
    """How a kind of file writes a comment: what opens and closes it."""

    opening: str
    closing: str = ""

    def wrap(self, lines: list[str], indent: str, instead_of: str = "") -> str:
        """Return the lines between marks, indented; `instead_of` is what they replace and comes back on removal."""
        begin = f"lastly: begin, in place of {instead_of}" if instead_of else "lastly: begin"
        marked = [self._comment(begin), *lines, self._comment("lastly: end")]
        return "\n".join(indent + line if line else "" for line in marked)

    def remove(self, text: str) -> str:
        """Return the text as it was before anything was written between marks."""
        return self._pattern.sub(self._original, text)

    def found_in(self, text: str) -> bool:
        """Return whether anything stands between marks."""
        return self._pattern.search(text) is not None

    def _comment(self, text: str) -> str:
        return f"{self.opening} {text} {self.closing}".rstrip()

    @property
    def _pattern(self) -> re.Pattern[str]:
        opening, closing = re.escape(self.opening), re.escape(self.closing)
        begin = rf"{opening} lastly: begin(?:, in place of (?P<instead>[^\n]+?))? ?{closing}"
        return re.compile(
            rf"(?P<indent>^[ \t]*)?{begin}(?:\n|(?<=>)).*?{opening} lastly: end ?{closing}(?P<line>\n)?", re.S | re.M
        )

    @staticmethod
    def _original(match: re.Match[str]) -> str:
        indent, instead, line = match["indent"], match["instead"], match["line"] or ""
        if instead is not None:
            return (indent or "") + instead + line
        return "" if indent is not None else line


XML = Marks("<!--", "-->")
SCHEMA = Marks("#")
