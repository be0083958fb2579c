"""What the plugins count in each node: searches by what became of them, and the calls' times."""

from collections import Counter
from dataclasses import dataclass, field

MORE = float("inf")


@dataclass
class NodeStats:
    """Of one node: searches by what became of them, and the calls' times: milliseconds (at most) → calls."""

    node: str
    reranked: int = 0
    shadowed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    latency: Counter[float] = field(default_factory=Counter)
    breaker: str = ""

    @property
    def tried(self) -> int:
        """Searches that were to be reranked, in earnest or in the shadow."""
        return self.reranked + self.shadowed + self.failed.total()

    def within(self, share: float) -> str:
        """Return the milliseconds that a share of the calls stayed within, as far as the histogram tells."""
        rest = share * self.latency.total()
        for most in sorted(self.latency):
            rest -= self.latency[most]
            if self.latency[most] and rest <= 0:
                return "more" if most == MORE else f"{most:.0f} ms"
        return "–"


@dataclass(frozen=True)
class EngineStats:
    """Of an engine: since its nodes' start, or (Vespa) in its container's last snapshot."""

    nodes: list[NodeStats]
    since_start: bool
