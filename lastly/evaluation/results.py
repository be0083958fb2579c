"""What an evaluation found, ready for the reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from lastly.evaluation.collection import Collection
from lastly.evaluation.journal import Journal, Outcome
from lastly.evaluation.measures import MAIN, MEASURES, PerQuery, measure
from lastly.evaluation.significance import Difference, compare_paired
from lastly.evaluation.trial import FIRST_STAGE
from lastly.evaluation.variants import Variant


@dataclass(frozen=True)
class Latency:
    """Milliseconds a query."""

    p50: float
    p95: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Latency":
        """Read the seconds of outcomes."""
        p50, p95 = np.percentile([outcome.seconds * 1000 for outcome in outcomes], [50, 95])
        return cls(float(p50), float(p95))


@dataclass(frozen=True)
class SystemResult:
    """Measures of one ranking: the first stage's or a variant's."""

    per_query: PerQuery
    latency: Latency
    tokens: float
    variant: Variant | None = None

    def mean(self, name: str = MAIN) -> float:
        """Return a measure's mean over queries."""
        return fmean(self.per_query[name].values())

    def to_json(self) -> dict[str, Any]:
        """Return the means, latency and what was done."""
        means = {name: self.mean(name) for name in self.per_query}
        latency = {"p50_ms": self.latency.p50, "p95_ms": self.latency.p95}
        return {"measures": means, "latency": latency, "tokens_per_query": self.tokens}


@dataclass(frozen=True)
class Result:
    """One collection: the first stage, the main variant, the other variants."""

    collection: Collection
    first: SystemResult
    variants: list[SystemResult]

    @property
    def main(self) -> SystemResult:
        """The variant that is reported first."""
        return self.variants[0]

    @property
    def windows(self) -> list[SystemResult]:
        """The variants in first-stage order, by window."""
        plain = [system for system in self.variants if system.variant and system.variant.presented == "first-stage"]
        return sorted(plain, key=lambda system: system.variant.window if system.variant else 0)

    @property
    def orders(self) -> list[SystemResult]:
        """The variants in other orders."""
        return [system for system in self.variants if system.variant and system.variant.presented != "first-stage"]

    def difference(self, name: str = MAIN, system: SystemResult | None = None) -> Difference:
        """Compare a variant (the main one) with the first stage."""
        after = (system or self.main).per_query[name]
        before = self.first.per_query[name]
        return compare_paired([before[query] for query in before], [after[query] for query in before])

    def changes(self) -> list[tuple[str, float, float]]:
        """Return (query id, before, after) of the main measure, the largest gain first."""
        before, after = self.first.per_query[MAIN], self.main.per_query[MAIN]
        rows = [(query, before[query], after[query]) for query in before]
        return sorted(rows, key=lambda row: row[1] - row[2])


def collect(
    collection: Collection,
    journal: Journal,
    queries: Sequence[str],
    variants: Sequence[Variant],
    measures: Sequence[str] = MEASURES,
) -> Result:
    """Measure what the journal holds; every query and variant must be in it."""

    def system(variant: Variant | None) -> SystemResult:
        name = variant.name if variant else FIRST_STAGE
        outcomes = [outcome for query in queries if (outcome := journal.get(query, name))]
        per_query = measure({outcome.query: outcome.ids for outcome in outcomes}, collection.qrels, measures)
        tokens = fmean(outcome.tokens for outcome in outcomes)
        return SystemResult(per_query, Latency.of(outcomes), tokens, variant)

    return Result(collection, system(None), [system(variant) for variant in variants])
