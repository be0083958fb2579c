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
# What a call of each form may carry besides query and texts; numbers are drawn from 1 to 5.
_TEXTS, _FLAGS, _NUMBERS, _CUTS, _SHARES = "texts", "flags", "numbers", "cuts", "shares"
FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "/v1/rerank": {
        _TEXTS: ("instruction",),
        _FLAGS: ("return_documents", "return_embeddings"),
        _NUMBERS: ("top_n", "max_doc_length", "max_query_length"),
        _CUTS: ("long_documents",),
        _SHARES: ("lexical_weight",),
    },
    "/v2/rerank": {_TEXTS: (), _FLAGS: (), _NUMBERS: ("top_n", "max_tokens_per_doc")},
    "/rerank": {_TEXTS: (), _FLAGS: ("return_text", "raw_scores", "truncate"), _NUMBERS: ()},
}


def text(rng: random.Random, most: int = 8) -> str:
    """Make a text."""
    return "".join(
        rng.choice(_PIECES) if rng.random() < 0.8 else chr(rng.randrange(0x110000)) for _ in range(rng.randint(0, most))
    )


def texts_key(path: str) -> str:
    """Name the list of texts in a form."""
    return "texts" if path == "/rerank" else "documents"


def call(rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Make a path and a body; one in eight has an odd value somewhere."""
    path = rng.choice(tuple(FORMS))
    form, key = FORMS[path], texts_key(path)
    body: dict[str, Any] = {"query": text(rng) or "q", key: [text(rng) for _ in range(rng.randint(0, 4))]}
    if path != "/rerank":
        body[key] = [{"text": one} if rng.random() < 0.1 else one for one in body[key]]
    makers = {
        _TEXTS: lambda: text(rng),
        _FLAGS: lambda: rng.random() < 0.5,
        _NUMBERS: lambda: rng.randint(1, 5),
        _CUTS: lambda: rng.choice(("beginning", "excerpt")),
        _SHARES: lambda: rng.random(),
    }
    for kind, names in form.items():
        body |= {name: makers[kind]() for name in names if rng.random() < 0.2}
    if rng.random() < 0.125:
        body[rng.choice(("query", key, "model", *(name for names in form.values() for name in names)))] = rng.choice(
            _ODD
        )
    return path, body
