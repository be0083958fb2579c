"""A text read piece by piece has the ids of the whole."""

import random

from tokenizers import Tokenizer

from lastly.config import embedded_model
from lastly.ranking.long_texts import LongTexts
from lastly.ranking.steps import finish

PIECES = (
    "the quick fox's ", "12345", "; over\n\n  ", "ça", "e\u0301\u0323", "\u0301", "   ", "\t", "日本語テキスト", "🍵",
    "a" * 9, "'", "'ll ", "I'l", "한", "ᄒ", "ᅡ", "x", " ", "\r\n", "-----", "\ufffd", "ক\u09be", "ö", "o\u0308",
)  # fmt: skip


def test_the_ids_are_those_of_the_whole_text() -> None:
    tokenizer, rng = Tokenizer.from_file(str(embedded_model() / "tokenizer.json")), random.Random(0)
    for _ in range(300):
        some = rng.sample(PIECES, rng.randint(1, 8))
        text = "".join(rng.choices(some, k=rng.randint(1, 1500)))
        whole = tokenizer.encode_batch_fast([text], add_special_tokens=False)[0].ids
        assert finish(LongTexts(tokenizer, rng.randint(50, 500)).ids(text)) == whole
        most = rng.randint(1, 300)
        assert finish(LongTexts(tokenizer, 200).ids(text, most))[:most] == whole[:most]
