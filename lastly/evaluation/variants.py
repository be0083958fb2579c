"""What is reranked: how many hits, and in which order the model sees them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Presented = Literal["first-stage", "reversed", "shuffled"]


@dataclass(frozen=True)
class Variant:
    """One way to rerank: the window, the order in which its hits are presented, the seed of a shuffle."""

    window: int
    presented: Presented = "first-stage"
    seed: int = 0

    @property
    def name(self) -> str:
        """A name that the journal and the report share."""
        order = f"{self.presented} {self.seed}" if self.presented == "shuffled" else self.presented
        return f"window {self.window}, {order}"

    def permutation(self, size: int, query: str) -> list[int]:
        """Return the places in the order that the model sees; a shuffle depends on seed and query id alone."""
        places = list(range(size))
        if self.presented == "reversed":
            places.reverse()
        elif self.presented == "shuffled":
            random.Random(f"{self.seed}/{query}").shuffle(places)  # noqa: S311  repeatable, not secret
        return places


def plan(window: int, windows: Sequence[int], presented: Sequence[Presented], seeds: int) -> list[Variant]:
    """Return the main variant first, then the other windows, then the main window in the other orders."""
    variants = [Variant(window), *(Variant(other) for other in windows if other != window)]
    for order in presented:
        if order == "shuffled":
            variants += [Variant(window, order, seed) for seed in range(seeds)]
        elif order != "first-stage":
            variants.append(Variant(window, order))
    return list(dict.fromkeys(variants))
