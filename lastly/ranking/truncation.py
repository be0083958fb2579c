"""What is read of texts: all of a short one, of a long one its first tokens, or an excerpt by the query."""

from collections.abc import Callable, Sequence

from tokenizers import Tokenizer

from lastly.errors import RequestTooLargeError
from lastly.ranking.excerpts import excerpts
from lastly.ranking.first_tokens import FirstTokens

TruncatedText = tuple[str, int]
"""A text as it is read, and its number of tokens."""


class Truncator:
    """Cuts texts, made harmless by `sanitize`, to a number of tokens; with `refuse` longer ones are refused."""

    def __init__(self, tokenizer: Tokenizer, sanitize: Callable[[str], str] = str) -> None:
        self._tokenizer, self._sanitize = tokenizer, sanitize
        self._first_tokens = FirstTokens(tokenizer)

    def first_tokens(self, texts: Sequence[str], limit: int, refuse: bool = False) -> list[TruncatedText]:
        """TruncatedText every text to its first tokens."""
        return self._truncate_all([self._sanitize(text) for text in texts], limit, refuse)

    def excerpts(self, query: str, texts: Sequence[str], limit: int, refuse: bool = False) -> list[TruncatedText]:
        """TruncatedText every text to what it says of the query."""
        clean = [self._sanitize(text) for text in texts]
        cut = self._truncate_all(clean, limit, refuse)
        long = {place: text for place, (text, _) in enumerate(cut) if text is not clean[place]}
        found = excerpts(query, clean, long)
        # Sanitized again: words that line breaks kept apart may make a guarded tag together.
        read = dict(zip(found, self.first_tokens(list(found.values()), limit), strict=True))
        return [read.get(place, beginning) for place, beginning in enumerate(cut)]

    def _truncate_all(self, clean: Sequence[str], limit: int, refuse: bool) -> list[TruncatedText]:
        ids = self._first_tokens.ids(clean, limit)
        if refuse and any(len(first) > limit for first in ids):
            raise RequestTooLargeError(f"a text has over {limit} tokens; send it shorter or allow truncation")
        return [self._truncate(text, first, limit) for text, first in zip(clean, ids, strict=True)]

    def _truncate(self, text: str, ids: list[int], limit: int) -> TruncatedText:
        """Cut as the published code does: the first tokens, decoded; they are tokenised again inside the prompt."""
        if len(ids) <= limit:
            return text, len(ids)
        return self._tokenizer.decode(ids[:limit], skip_special_tokens=False), limit
