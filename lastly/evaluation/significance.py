"""Is the difference more than chance? Paired tests over queries."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

_RESAMPLES = 10_000


@dataclass(frozen=True)
class Difference:
    """Reranked minus first stage: the mean, its 95 % interval (bootstrap over queries), p values, wins and losses.

    `p_randomisation`: sign-flip randomisation test, two-sided; `p_t`: paired t-test. Both are 1 where nothing differs.
    """

    mean: float
    low: float
    high: float
    p_randomisation: float
    p_t: float
    wins: int
    losses: int
    ties: int

    def to_json(self) -> dict[str, float]:
        """Return the fields by name."""
        return asdict(self)


def compare_paired(before: Sequence[float], after: Sequence[float], seed: int = 0) -> Difference:
    """Compare two systems on the same queries, in the same order."""
    change = np.asarray(after, np.float64) - np.asarray(before, np.float64)
    wins, losses = int((change > 1e-9).sum()), int((change < -1e-9).sum())
    low, high = _interval(change, seed)
    return Difference(
        mean=float(change.mean()),
        low=low,
        high=high,
        p_randomisation=_randomisation(change, seed) if wins + losses else 1.0,
        p_t=_t_test(change) if wins + losses else 1.0,
        wins=wins,
        losses=losses,
        ties=len(change) - wins - losses,
    )


def _randomisation(change: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", seed: int) -> float:
    if len(change) < 2:
        return 1.0
    result = stats.permutation_test(
        (change,),
        lambda values, axis: np.mean(values, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_RESAMPLES,
        batch=500,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def _t_test(change: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> float:
    if len(change) < 2:
        return 1.0
    if np.ptp(change) == 0:
        return 0.0
    return float(stats.ttest_1samp(change, 0.0).pvalue)


def _interval(change: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", seed: int) -> tuple[float, float]:
    random = np.random.default_rng(seed)
    size = len(change)
    means = [float(change[random.integers(0, size, size)].mean()) for _ in range(2_000)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
