"""The first tokens of texts that will be truncated, without tokenizing what is dropped.

A hit may be a hundred times longer than what the model reads of it; one text of 16 MB took six seconds and 1.7 GB.
"""

from collections.abc import Iterator, Sequence

from tokenizers import Tokenizer

_CHARACTERS = 6  # tokenized at first for each token of the limit: most texts have fewer per token
_WORDS = 8  # that must follow the word at the limit: cutting a text changes its tokens only at the very end
_COMPOSED = 4  # characters that Unicode normalization merges into one, at most
_AT_ONCE = 1 << 20  # characters tokenized at a time: an unread encoding takes a hundred bytes for each


class FirstTokens:
    """Tokenizes just enough of each text to know its first tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._longest = max(map(len, tokenizer.get_vocab()))  # characters of a token

    def ids(self, texts: Sequence[str], limit: int) -> list[list[int]]:
        """Return the first `limit` + 1 token ids of each text, or all where it has fewer."""
        size, reach = limit * _CHARACTERS, (limit + 1) * self._longest * _COMPOSED
        long = [place for place, text in enumerate(texts) if len(text) > size]
        starts = dict(zip(long, self._of_starts([texts[place][:size] for place in long], limit), strict=True))
        rest = [place for place in range(len(texts)) if not starts.get(place)]
        wholes = dict(zip(rest, self._of_wholes([texts[place][:reach] for place in rest], limit), strict=True))
        found = starts | wholes
        return [found[place] for place in range(len(texts))]

    def _of_starts(self, starts: list[str], limit: int) -> Iterator[list[int]]:
        """Return the first ids of texts that were cut; none where the rest could change them."""
        for portion in _portions(starts):
            for encoding in self._tokenizer.encode_batch(portion, add_special_tokens=False):
                yield encoding.ids[: limit + 1] if _decided(encoding.word_ids, limit) else []

    def _of_wholes(self, texts: list[str], limit: int) -> Iterator[list[int]]:
        for portion in _portions(texts):
            for encoding in self._tokenizer.encode_batch_fast(portion, add_special_tokens=False):
                yield encoding.ids[: limit + 1]


def _decided(words: Sequence[int | None], limit: int) -> bool:
    """Return whether the token after the limit is `_WORDS` words or more from the end. Tokens never span words."""
    if len(words) <= limit:
        return False
    ours, last = words[limit], words[-1]
    return ours is not None and last is not None and ours + _WORDS <= last


def _portions(texts: list[str]) -> Iterator[list[str]]:
    """Split a list so that each portion but the last has just over `_AT_ONCE` characters."""
    start, size = 0, 0
    for place, text in enumerate(texts):
        size += len(text)
        if size >= _AT_ONCE:
            yield texts[start : place + 1]
            start, size = place + 1, 0
    if start < len(texts):
        yield texts[start:]
