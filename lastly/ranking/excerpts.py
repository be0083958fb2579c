"""What is read of a document over its limit, where the model asks for more than its beginning.

The answer to a query often comes long after the beginning. On news articles of 850 tokens, reading the parts that hold
the query's words gained seven points of nDCG@10 (docs/adr/0045-excerpts.md).
"""

import math
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from lastly.ranking.steps import Steps
from lastly.ranking.word_overlap import Terms, inverse_document_frequencies, terms_of

_FITTING = 0.95  # of the beginning's words: words elsewhere may take more tokens
_BEGINNING = 0.4  # of the words that fit: the beginning says what a document is about
_PART = 15  # words of every other part: with 25 or 40 fewer parts fit, and less was found
_REACH = 32  # times what fits: how much of a text is searched
_REPEATED = 0.5  # factor of a term's weight once a part with it has been chosen

_LOOKS = 1000  # parts that are looked at in a step: a few milliseconds

Weights = Mapping[Hashable, float]


@dataclass(frozen=True)
class Parts:
    """A text, in words, as its beginning and the parts after it; the query's terms in each; how many parts fit."""

    slices: Sequence[slice]
    terms: Sequence[Terms]
    room: int

    @classmethod
    def of(cls, words: int, fitting: int, held: Callable[[slice], Terms]) -> "Steps[Parts]":
        """Split a text of `words` words, of which `fitting` fit; `held` returns the query's terms in a slice."""
        beginning = int(fitting * _BEGINNING)
        slices = [slice(beginning), *(slice(at, at + _PART) for at in range(beginning, words, _PART))]
        terms = []
        for place, stretch in enumerate(slices):
            terms.append(held(stretch))
            if place % _LOOKS == 0:
                yield
        return cls(slices, terms, (fitting - beginning) // _PART)

    @property
    def held(self) -> Terms:
        """The query's terms in the whole text."""
        return frozenset().union(*self.terms)

    def best(self, weights: Weights) -> Steps[list[slice]]:
        """Choose parts greedily by the weights of their terms; of equal ones the earlier.

        Weights only fall, so that what a part was worth when it was last looked at is a bound of what it is worth now:
        the best of these bounds alone is looked at again. Parts with the same terms are worth the same.
        """
        left = dict(weights)
        waiting: dict[Terms, deque[int]] = {}
        for place, terms in enumerate(self.terms[1:], 1):
            waiting.setdefault(terms, deque()).append(place)
        bounds = [(-_worth(terms, left), places[0], terms) for terms, places in waiting.items()]
        heapify(bounds)
        chosen, looks = [0], 0
        while bounds and len(chosen) <= self.room:
            bound, place, terms = heappop(bounds)
            worth = -_worth(terms, left)
            if worth == bound:
                chosen.append(place)
                waiting[terms].popleft()
                left |= {term: left[term] * _REPEATED for term in terms}
                worth = -_worth(terms, left)
            if waiting[terms]:
                heappush(bounds, (worth, waiting[terms][0], terms))
            looks += 1
            if looks % _LOOKS == 0:
                yield
        return [self.slices[place] for place in sorted(chosen)]


def _worth(terms: Terms, weights: Weights) -> float:
    # fsum: the order of a set, and with it that of a plain sum's rounding, differs from process to process
    return math.fsum(weights[term] for term in terms)


def excerpts(query: str, texts: Sequence[str], beginnings: Mapping[int, str]) -> Steps[dict[int, str]]:
    """Return an excerpt of each long text: its beginning and the parts that hold most of the query's words, in order.

    `beginnings` maps the index of each long text to that text cut to its limit; the excerpt has about as many words.
    Words are weighted by how few of the texts hold them: what every candidate mentions tells no two apart, and words
    like "the" hardly count. A single text's words are weighted by how few of its parts hold them. A text with none of
    the words, or in a script without spaces, is cut to its beginning.
    """
    if not beginnings:
        return {}
    wanted = terms_of(query)
    parted = []
    for place, text in enumerate(texts):
        parted.append((yield from _part(text, wanted, beginnings.get(place))))
        yield
    weights = inverse_document_frequencies([parts.held for parts in parted] if len(parted) > 1 else parted[0].terms)
    found = {}
    for place, beginning in beginnings.items():
        found[place] = yield from _joined(texts[place], parted[place], weights, beginning)
        yield
    return found


def _words(text: str, beginning: str) -> list[str]:
    return text[: _REACH * len(beginning)].split()


def _part(text: str, wanted: Terms, beginning: str | None) -> Steps[Parts]:
    if beginning is None:
        words = text.split()
        fitting = len(words)
    else:
        words = _words(text, beginning)
        fitting = int(_FITTING * len(beginning.split()))
    return (yield from Parts.of(len(words), fitting, lambda stretch: wanted & terms_of(" ".join(words[stretch]))))


def _joined(text: str, parts: Parts, weights: Weights, beginning: str) -> Steps[str]:
    best = yield from parts.best(weights)
    if best == list(parts.slices[: len(best)]):
        return beginning
    words = _words(text, beginning)
    return " ".join(word for stretch in best for word in words[stretch])
