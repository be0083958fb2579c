"""nDCG@10 as BEIR reckons it: linear gains, the ideal order over all judged documents."""

from collections.abc import Mapping, Sequence

import numpy as np


def ndcg(ranking: Sequence[int], gains: Mapping[int, float], depth: int = 10) -> float:
    """Score one ranking of document rows; a query without a relevant document scores 0."""
    ideal = _dcg(sorted(gains.values(), reverse=True)[:depth])
    return _dcg([gains.get(row, 0.0) for row in ranking[:depth]]) / ideal if ideal > 0 else 0.0


def _dcg(gains: Sequence[float]) -> float:
    return float(sum(gain / np.log2(place + 2) for place, gain in enumerate(gains)))
