"""The first tokens of texts that will be truncated, without tokenizing what is dropped.

A hit may be a hundred times longer than what the model reads of it; one text of 16 MB took six seconds and 1.7 GB.
"""

from collections.abc import Iterator, Mapping, Sequence

from tokenizers import Tokenizer

from lastly.ranking.long_texts import LongTexts
from lastly.ranking.steps import Steps

_CHARACTERS = 6  # tokenized at first for each token of the limit: most texts have fewer per token
_WORDS = 8  # that must follow the word at the limit: cutting a text changes its tokens only at the very end
_COMPOSED = 4  # characters that Unicode normalization merges into one, at most
_AT_ONCE = 1 << 14  # characters tokenized in a step: 7 to 30 ms of one core


class FirstTokens:
    """Tokenizes just enough of each text to know its first tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._long_texts = LongTexts(tokenizer, _AT_ONCE // 2)
        self._longest = max(map(len, tokenizer.get_vocab()))  # characters of a token

    def ids(self, texts: Sequence[str], limit: int) -> Steps[list[list[int]]]:
        """Return the first `limit` + 1 token ids of each text, or all where it has fewer."""
        size, reach = limit * _CHARACTERS, (limit + 1) * self._longest * _COMPOSED
        long = [place for place, text in enumerate(texts) if len(text) > size and size <= _AT_ONCE]
        found = yield from self._of_starts({place: texts[place][:size] for place in long}, limit)
        rest = [place for place in range(len(texts)) if place not in found]
        wholes = yield from self.all_ids([texts[place][:reach] for place in rest], limit + 1)
        found |= zip(rest, wholes, strict=True)
        return [found[place] for place in range(len(texts))]

    def all_ids(self, texts: Sequence[str], most: int | None = None) -> Steps[list[list[int]]]:
        """Return the token ids of each text, at most the first `most`."""
        found: dict[int, list[int]] = {}
        for place, text in enumerate(texts):
            if len(text) > _AT_ONCE:
                found[place] = (yield from self._long_texts.ids(text, most))[:most]
        short = [place for place in range(len(texts)) if place not in found]
        for portion in _portions(short, texts):
            encodings = self._tokenizer.encode_batch_fast([texts[place] for place in portion], add_special_tokens=False)
            found |= {place: encoding.ids[:most] for place, encoding in zip(portion, encodings, strict=True)}
            yield
        return [found[place] for place in range(len(texts))]

    def _of_starts(self, starts: dict[int, str], limit: int) -> Steps[dict[int, list[int]]]:
        """Return the first ids of those texts, given cut, whose rest cannot change them."""
        found: dict[int, list[int]] = {}
        for portion in _portions(list(starts), starts):
            encodings = self._tokenizer.encode_batch([starts[place] for place in portion], add_special_tokens=False)
            for place, encoding in zip(portion, encodings, strict=True):
                if _decided(encoding.word_ids, limit):
                    found[place] = encoding.ids[: limit + 1]
            yield
        return found


def _decided(words: Sequence[int | None], limit: int) -> bool:
    """Return whether the token after the limit is `_WORDS` words or more from the end. Tokens never span words."""
    if len(words) <= limit:
        return False
    ours, last = words[limit], words[-1]
    return ours is not None and last is not None and ours + _WORDS <= last


def _portions(places: Sequence[int], texts: Mapping[int, str] | Sequence[str]) -> Iterator[Sequence[int]]:
    """Split places so that the texts of each portion but the last have just over `_AT_ONCE` characters."""
    start, size = 0, 0
    for end, place in enumerate(places, 1):
        size += len(texts[place])
        if size >= _AT_ONCE:
            yield places[start:end]
            start, size = end, 0
    if start < len(places):
        yield places[start:]
