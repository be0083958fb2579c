"""The first tokens of a long text are those of the whole text, and what is cut off is not tokenised."""

import json
import random
from typing import Any

import pytest
from tokenizers import Tokenizer

from lastly.config import embedded_model
from lastly.ranking.first_tokens import FirstTokens
from lastly.ranking.steps import finish

PIECES = (
    "the quick fox's ", "12345", "; over\n\n  ", "ça", "e\u0301\u0323", "\u0301", "   ", "\t", "日本語テキスト", "🍵",
    "a" * 9, "'", "'ll ", "I'l", "한", "ᄒ", "ᅡ", "x", " ", "\r\n", "-----", "\ufffd",
)  # fmt: skip
_QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
_QWEN = {
    "normalizer": {"type": "NFC"},
    "pre_tokenizer": {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": _QWEN_WORDS}, "behavior": "Isolated", "invert": False},
            _BYTES,
        ],
    },
}


def tokenizer(**changes: Any) -> Tokenizer:
    """The embedded model's vocabulary under other rules."""
    description = json.loads((embedded_model() / "tokenizer.json").read_text("utf-8"))
    return Tokenizer.from_str(json.dumps(description | {"added_tokens": [], "post_processor": None} | changes))


KINDS: dict[str, dict[str, Any]] = {"lastly-mini": {}, "Qwen": _QWEN, "without words": {"pre_tokenizer": _BYTES}}


@pytest.fixture(scope="module", params=KINDS)
def plain(request: pytest.FixtureRequest) -> Tokenizer:
    return tokenizer(**KINDS[request.param])


def whole(plain: Tokenizer, text: str) -> list[int]:
    ids: list[int] = plain.encode(text, add_special_tokens=False).ids
    return ids


@pytest.mark.parametrize("seed", range(20))
def test_the_first_tokens_are_those_of_the_whole_text(plain: Tokenizer, seed: int) -> None:
    rng, beginnings = random.Random(seed), FirstTokens(plain)
    for _ in range(50):
        limit = rng.randint(1, 20)
        texts = ["".join(rng.choices(PIECES, k=rng.randint(0, 120))) for _ in range(4)]
        assert finish(beginnings.ids(texts, limit)) == [whole(plain, text)[: limit + 1] for text in texts]


def test_a_word_without_an_end_is_cut_alike(plain: Tokenizer) -> None:
    texts = ["a" * 20_000, "ab" * 10_000, " " * 20_000, "茶" * 20_000]
    assert finish(FirstTokens(plain).ids(texts, 50)) == [whole(plain, text)[:51] for text in texts]


class Counting:
    """A tokenizer that counts the characters that it is given."""

    def __init__(self, plain: Tokenizer) -> None:
        self._plain = plain
        self.characters = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def encode_batch(self, texts: list[str], **options: Any) -> Any:
        self.characters += sum(map(len, texts))
        return self._plain.encode_batch(texts, **options)

    encode_batch_fast = encode_batch


@pytest.mark.parametrize(("text", "most"), [("green tea is not black tea; ", 6), ("茶 ", 6), ("a" * 100, 400)])
def test_what_is_cut_off_is_not_tokenised(text: str, most: int) -> None:
    counting: Any = Counting(tokenizer())
    [ids] = finish(FirstTokens(counting).ids([text * (1_000_000 // len(text))], 256))
    assert len(ids) == 257
    assert counting.characters <= most * 257


def test_texts_of_any_number_keep_their_places() -> None:
    plain = tokenizer()
    texts = [f"text {number} " * (number % 7 * 40) for number in range(3000)]
    assert finish(FirstTokens(plain).ids(texts, 16)) == [whole(plain, text)[:17] for text in texts]
    assert finish(FirstTokens(plain).ids([], 16)) == []
