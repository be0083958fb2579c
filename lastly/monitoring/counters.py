"""What the plugins count in each node: searches by what became of them, and the calls' times."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lastly.errors import NotReadyError
from lastly_integrations.json_client import JsonClient

PATHS = ("/_plugins/_lastly/stats", "/_lastly/stats")
VESPA_PATH = "/state/v1/metrics"
_MORE = float("inf")


@dataclass
class Counts:
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
        """Give the milliseconds that a share of the calls stayed within, as far as the histogram tells."""
        rest = share * self.latency.total()
        for most in sorted(self.latency):
            rest -= self.latency[most]
            if self.latency[most] and rest <= 0:
                return "more" if most == _MORE else f"{most:.0f} ms"
        return "–"


@dataclass(frozen=True)
class Counted:
    """Of an engine: since its nodes' start, or (Vespa) in its container's last snapshot."""

    nodes: list[Counts]
    since_start: bool


def read(server: JsonClient) -> Counted:
    """Read an engine's counters; raises NotReadyError where the plugin is not there."""
    for path in PATHS:
        status, answer = server.call("GET", path)
        if status in (401, 403):
            raise NotReadyError(f"{server.shown} answered {status}; put user and password into the URL")
        if status == 200 and isinstance(answer, dict) and "nodes" in answer:
            return Counted([_of_node(name, content) for name, content in answer["nodes"].items()], since_start=True)
    status, answer = server.call("GET", VESPA_PATH)
    if status == 200 and isinstance(answer, dict) and "metrics" in answer:
        return Counted(_of_container(server.shown, answer["metrics"].get("values", [])), since_start=False)
    raise NotReadyError(f"{server.shown} has none of {', '.join((*PATHS, VESPA_PATH))}; is the plugin installed?")


def _of_node(name: str, content: dict[str, Any]) -> Counts:
    return Counts(
        node=str(content.get("name", name)),
        reranked=int(content.get("reranked", 0)),
        shadowed=int(content.get("shadowed", 0)),
        skipped=Counter(content.get("skipped", {})),
        failed=Counter(content.get("failed", {})),
        latency=Counter(dict(_buckets(content.get("latency_ms", {})))),
        breaker=str(content.get("breaker", "")),
    )


def _buckets(histogram: dict[str, int]) -> Iterator[tuple[float, int]]:
    for name, calls in histogram.items():
        yield (float(name.removeprefix("le_")) if name.startswith("le_") else _MORE), calls


def _of_container(shown: str, values: Sequence[dict[str, Any]]) -> list[Counts]:
    """Read a container's metrics; its searchers are told apart by a dimension, and each counts as a node."""
    found: dict[str, Counts] = {}
    for metric in values:
        name, dimensions, numbers = metric["name"], metric.get("dimensions", {}), metric["values"]
        if not name.startswith("lastly."):
            continue
        searcher = str(dimensions.get("searcher", shown))
        counts = found.setdefault(searcher, Counts(searcher))
        number = int(numbers.get("count", numbers.get("last", 0)))
        _take(counts, name.removeprefix("lastly."), str(dimensions.get("reason", "")), number, numbers)
    return list(found.values()) or [Counts(shown)]


def _take(counts: Counts, name: str, reason: str, number: int, numbers: dict[str, float]) -> None:
    if name in ("reranked", "shadowed"):
        setattr(counts, name, getattr(counts, name) + number)
    elif name in ("skipped", "failed"):
        getattr(counts, name)[reason] += number
    elif name == "breaker_open":
        counts.breaker = "open" if numbers.get("last") else "closed"
    elif name == "latency_ms":  # a snapshot holds no histogram but its ends
        high = numbers.get("95percentile", numbers.get("max", 0.0))
        counts.latency.update({float(numbers.get("average", 0.0)): number - number // 20, float(high): number // 20})
