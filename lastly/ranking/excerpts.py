"""What is read of a document that is longer than its limit, where the model asks for more than the beginning.

The answer to a query often stands far behind the beginning. On news of 850 tokens reading the parts that hold the
query's words brought seven points of nDCG@10 (docs/adr/0045-excerpts.md).
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from lastly.ranking.terms import Terms, rarity, terms_of

_FITTING = 0.95  # of the beginning's words: those elsewhere may have more tokens
_BEGINNING = 0.4  # of the words that fit: what a document is about, its beginning says
_PART = 15  # words of every other part: of 25 and 40 fewer fit, and less was found
_REACH = 32  # times what fits: how much of a text is looked at
_AGAIN = 0.5  # what a term is worth once a part with it was chosen

Worth = Mapping[Hashable, float]


@dataclass(frozen=True)
class Parts:
    """A text of words as its beginning and what follows, the wanted terms of each, and how many may follow."""

    slices: Sequence[slice]
    terms: Sequence[Terms]
    room: int

    @classmethod
    def of(cls, words: int, fitting: int, held: Callable[[slice], Terms]) -> "Parts":
        """Part a text of so many words, of which some fit; `held` gives the wanted terms of a stretch."""
        beginning = int(fitting * _BEGINNING)
        slices = [slice(beginning), *(slice(at, at + _PART) for at in range(beginning, words, _PART))]
        return cls(slices, [held(stretch) for stretch in slices], (fitting - beginning) // _PART)

    @property
    def held(self) -> Terms:
        """The wanted terms of the whole text."""
        return frozenset().union(*self.terms)

    def best(self, worth: Worth) -> list[slice]:
        """Choose parts by what their terms are worth, one after the other, earlier ones first where they tie."""
        left = dict(worth)
        open_places = list(range(1, len(self.slices)))
        chosen = [0]
        while open_places and len(chosen) <= self.room:
            # fsum: the order of a set, and with it that of a plain sum's rounding, differs from process to process
            place = max(open_places, key=lambda place: math.fsum(left[term] for term in self.terms[place]))
            open_places.remove(place)
            chosen.append(place)
            left |= {term: left[term] * _AGAIN for term in self.terms[place]}
        return [self.slices[place] for place in sorted(chosen)]


def excerpts(query: str, texts: Sequence[str], beginnings: Mapping[int, str]) -> dict[int, str]:
    """Give the beginnings of long texts and the parts of them that hold most of the query's words, in their order.

    `beginnings` holds those texts, by their place, cut to their limit; an excerpt has about as many words. Words count
    by how few of the texts hold them: what every candidate speaks of tells no two apart, and words like "the" hardly
    count. With one text alone they count by how few of its parts hold them. A text without any of the words, and one
    whose script writes no spaces, is cut to its beginning.
    """
    if not beginnings:
        return {}
    wanted = terms_of(query)
    parted = [_part(text, wanted, beginnings.get(place)) for place, text in enumerate(texts)]
    worth = rarity([parts.held for parts in parted] if len(parted) > 1 else parted[0].terms)
    return {place: _joined(texts[place], parted[place], worth, beginning) for place, beginning in beginnings.items()}


def _words(text: str, beginning: str) -> list[str]:
    return text[: _REACH * len(beginning)].split()


def _part(text: str, wanted: Terms, beginning: str | None) -> Parts:
    if beginning is None:
        words = text.split()
        fitting = len(words)
    else:
        words = _words(text, beginning)
        fitting = int(_FITTING * len(beginning.split()))
    return Parts.of(len(words), fitting, lambda stretch: wanted & terms_of(" ".join(words[stretch])))


def _joined(text: str, parts: Parts, worth: Worth, beginning: str) -> str:
    best = parts.best(worth)
    if best == list(parts.slices[: len(best)]):
        return beginning
    words = _words(text, beginning)
    return " ".join(word for stretch in best for word in words[stretch])
