"""What is read of a document that is longer than its limit, where the model asks for more than the beginning.

The answer to a query often stands far behind the beginning. On news of 850 tokens reading the parts that hold the
query's words brought seven points of nDCG@10 (docs/adr/0045-excerpts.md).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

_FITTING = 0.95  # of the beginning's words: those elsewhere may have more tokens
_BEGINNING = 0.4  # of the words that fit: what a document is about, its beginning says
_PART = 25  # words of every other part
_REACH = 32  # times what fits: how much of a text is looked at
_AGAIN = 0.5  # what a term is worth once a part with it was chosen
_WORD = re.compile(r"\w+")


def terms(query: str) -> frozenset[str]:
    """Give the words of a query, in small letters."""
    return frozenset(_WORD.findall(query.lower()))


def excerpt(text: str, wanted: frozenset[str], beginning: str) -> str:
    """Give a text's beginning and the parts of it that hold most of the wanted terms, in their order.

    `beginning` is the text cut to its limit; the excerpt has about as many words. Terms count by how few parts hold
    them, so that words like "the" hardly do. A text without any of the terms, and one whose script writes no spaces, is
    cut to its beginning.
    """
    fitting = int(_FITTING * len(beginning.split()))
    words = text[: _REACH * len(beginning)].split()
    first = int(fitting * _BEGINNING)
    starts = range(first, len(words), _PART)
    chosen = _best([_terms_in(words[at : at + _PART], wanted) for at in starts], (fitting - first) // _PART)
    if chosen == list(range(len(chosen))):
        return beginning
    parts = [words[:first], *(words[starts[place] : starts[place] + _PART] for place in chosen)]
    return " ".join(word for part in parts for word in part)


def _terms_in(words: Sequence[str], wanted: frozenset[str]) -> frozenset[str]:
    return wanted.intersection(_WORD.findall(" ".join(words).lower()))


def _best(parts: Sequence[frozenset[str]], count: int) -> list[int]:
    """Choose `count` parts by the terms that each holds, one after the other, earlier ones first where they tie."""
    holding = Counter(term for part in parts for term in part)
    worth = {term: math.log(len(parts) / held) for term, held in holding.items()}
    open_places = list(range(len(parts)))
    chosen: list[int] = []
    while open_places and len(chosen) < count:
        place = max(open_places, key=lambda place: sum(worth[term] for term in parts[place]))
        open_places.remove(place)
        chosen.append(place)
        for term in parts[place]:
            worth[term] *= _AGAIN
    return sorted(chosen)
