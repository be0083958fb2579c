"""Words as terms, and what a term tells: the fewer of the texts hold it, the more."""

import math
import re
from collections import Counter
from collections.abc import Hashable, Sequence

_WORD = re.compile(r"\w+")

Terms = frozenset[Hashable]


def terms_of(text: str) -> Terms:
    """Give the words of a text in small letters."""
    return frozenset(_WORD.findall(text.lower()))


def rarity(holders: Sequence[Terms]) -> dict[Hashable, float]:
    """Say what each term is worth: the logarithm of how few of the holders have it."""
    held = Counter(term for terms in holders for term in terms)
    return {term: math.log((len(holders) + 1) / count) for term, count in held.items()}
