"""What is read of a text: all of a short one; the first tokens of a long one, or an excerpt chosen by the query."""

from collections.abc import Callable, Sequence

from tokenizers import Tokenizer

from lastly.errors import RequestTooLargeError
from lastly.ranking.excerpts import excerpts
from lastly.ranking.first_tokens import FirstTokens
from lastly.ranking.steps import Steps

TruncatedText = tuple[str, int]
"""A text as the model reads it, and its number of tokens."""


class Truncator:
    """Sanitizes texts and truncates them to a number of tokens; with `refuse`, longer ones are refused."""

    def __init__(self, tokenizer: Tokenizer, sanitize: Callable[[str], str] = str) -> None:
        self._tokenizer, self._sanitize = tokenizer, sanitize
        self._first_tokens = FirstTokens(tokenizer)

    def first_tokens(self, texts: Sequence[str], limit: int, refuse: bool = False) -> Steps[list[TruncatedText]]:
        """Truncate every text to its first tokens."""
        clean = yield from self._sanitized(texts)
        return (yield from self._truncate_all(clean, limit, refuse))

    def excerpts(
        self, query: str, texts: Sequence[str], limit: int, refuse: bool = False
    ) -> Steps[list[TruncatedText]]:
        """Truncate every text to what it says of the query."""
        clean = yield from self._sanitized(texts)
        cut = yield from self._truncate_all(clean, limit, refuse)
        long = {place: text for place, (text, _) in enumerate(cut) if text is not clean[place]}
        found = yield from excerpts(query, clean, long)
        # Sanitized again: words once separated by line breaks may now form a guarded tag.
        truncated = yield from self.first_tokens(list(found.values()), limit)
        read = dict(zip(found, truncated, strict=True))
        return [read.get(place, beginning) for place, beginning in enumerate(cut)]

    def _sanitized(self, texts: Sequence[str]) -> Steps[list[str]]:
        clean = []
        for text in texts:
            clean.append(self._sanitize(text))
            yield
        return clean

    def _truncate_all(self, clean: Sequence[str], limit: int, refuse: bool) -> Steps[list[TruncatedText]]:
        ids = yield from self._first_tokens.ids(clean, limit)
        if refuse and any(len(first) > limit for first in ids):
            raise RequestTooLargeError(f"a text has over {limit} tokens; send it shorter or allow truncation")
        cut = []
        for text, first in zip(clean, ids, strict=True):
            cut.append(self._truncate(text, first, limit))
            yield
        return cut

    def _truncate(self, text: str, ids: list[int], limit: int) -> TruncatedText:
        """Cut as the published code does: decode the first tokens, which are tokenized again inside the prompt."""
        if len(ids) <= limit:
            return text, len(ids)
        return self._tokenizer.decode(ids[:limit], skip_special_tokens=False), limit
