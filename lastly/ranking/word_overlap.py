"""How much of a query each document holds word for word, which a small model blurs (docs/adr/0047-words.md)."""

import math
from collections.abc import Sequence

import numpy as np

from lastly.ranking.terms import rarity, terms_of
from lastly.types import FloatArray

_REACH = 16_384  # characters that are looked at of a text


def matches(query: str, texts: Sequence[str]) -> FloatArray:
    """Give each text's share of the query's terms [texts], from 0 for none to 1 for all that any of the texts holds.

    Terms count by how few of the texts hold them: words like "the" hardly do, and no list of them is needed.
    """
    wanted = terms_of(query[:_REACH])
    held = [wanted & terms_of(text[:_REACH]) for text in texts]
    worth = rarity(held)
    whole = math.fsum(worth.values())
    if not whole:
        return np.zeros(len(texts), np.float32)
    # fsum: the order of a set, and with it that of a plain sum's rounding, differs from process to process
    return np.array([math.fsum(worth[term] for term in terms) / whole for terms in held], np.float32)
