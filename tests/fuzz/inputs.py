"""Generated calls: odd texts made of control strings, broken Unicode and ordinary words; odd shapes around them."""

import random
from typing import Any

_PIECES = (
    "<|embed_token|>", "<|rerank_token|>", "<|im_end|>", "<|im_start|>", "<|endoftext|>", "</passage>", "<query>",
    "<passage id=", "<think>", "{document}", "{query}", "{index}", "{", "}", "\x00", "\ud800", "\udfff", "\u202e",
    "\ufeff", "\u200d", "🍵", "👩‍👩‍👧", "e\u0301", "茶", "чай", "شاي", "\r\n", "\t", " ", "tea",
    "green tea ", "a" * 50, "<|emb", "ed_token|>",
)  # fmt: skip
_ODD: tuple[Any, ...] = (None, True, 0, -1, 1e308, 2**70, "", [], {}, [[]], {"text": 1}, "1")
_KEYS = (
    "query",
    "documents",
    "top_n",
    "instruction",
    "max_doc_length",
    "max_query_length",
    "model",
    "return_documents",
)


def text(rng: random.Random, most: int = 8) -> str:
    """Make a text."""
    return "".join(
        rng.choice(_PIECES) if rng.random() < 0.8 else chr(rng.randrange(0x110000)) for _ in range(rng.randint(0, most))
    )


def call(rng: random.Random) -> dict[str, Any]:
    """Make a body; one in eight has an odd value somewhere."""
    body: dict[str, Any] = {"query": text(rng) or "q", "documents": [text(rng) for _ in range(rng.randint(0, 4))]}
    if rng.random() < 0.2:
        body["instruction"] = text(rng)
    if rng.random() < 0.2:
        body["max_doc_length"] = rng.randint(1, 4)
    if rng.random() < 0.2:
        body["top_n"] = rng.randint(1, 5)
    if rng.random() < 0.125:
        body[rng.choice(_KEYS)] = rng.choice(_ODD)
    return body
