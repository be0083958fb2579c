"""How much of a query each document holds word for word, which a small model blurs (docs/adr/0047-words.md)."""

import math
import re
from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from lastly.ranking.steps import Steps
from lastly.types import FloatArray

Terms = frozenset[Hashable]
_WORD = re.compile(r"\w+")
_REACH = 16_384  # characters of a text that are compared


def overlaps(query: str, texts: Sequence[str]) -> Steps[FloatArray]:
    """Return each text's share of the query's terms [texts], from 0 for none to 1 for all that any of the texts holds.

    Terms are weighted by how few of the texts hold them: words like "the" hardly count, and no list of them is needed.
    """
    wanted = terms_of(query[:_REACH])
    held = []
    for text in texts:
        held.append(wanted & terms_of(text[:_REACH]))
        yield
    weights = inverse_document_frequencies(held)
    total = math.fsum(weights.values())
    if not total:
        return np.zeros(len(texts), np.float32)
    # fsum: the order of a set, and with it that of a plain sum's rounding, differs from process to process
    return np.array([math.fsum(weights[term] for term in terms) / total for terms in held], np.float32)


def terms_of(text: str) -> Terms:
    """Return the words of a text, in lower case."""
    return frozenset(_WORD.findall(text.lower()))


def inverse_document_frequencies(texts: Sequence[Terms]) -> dict[Hashable, float]:
    """Return each term's weight: the logarithm of how few of the texts, given as their terms, hold it."""
    frequencies = Counter(term for terms in texts for term in terms)
    return {term: math.log((len(texts) + 1) / frequency) for term, frequency in frequencies.items()}
