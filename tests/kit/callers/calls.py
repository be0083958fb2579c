"""Calls of random words."""

import random
from typing import Any

WORDS = "green tea black water mountain city bicycle paper river stone music winter garden market".split()  # noqa: SIM905


def body(rng: random.Random, documents: int) -> dict[str, Any]:
    """Make a call of random words."""
    texts = [" ".join(rng.choices(WORDS, k=40)) for _ in range(documents)]
    return {"query": " ".join(rng.choices(WORDS, k=4)), "documents": texts}
