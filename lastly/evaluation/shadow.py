"""What the plugins counted, above all in the shadow: there they call the sidecar and leave the order alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lastly.errors import NotReadyError
from lastly.evaluation.report import table
from lastly.local.http_json import JsonServer

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


def read(server: JsonServer) -> tuple[list[Counts], str]:
    """Read an engine's counters, and since when they count; raises NotReadyError where the plugin is not there."""
    for path in PATHS:
        status, answer = server.call("GET", path)
        if status in (401, 403):
            raise NotReadyError(f"{server.shown} answered {status}; put user and password into the URL")
        if status == 200 and isinstance(answer, dict) and "nodes" in answer:
            return [_of_node(name, content) for name, content in answer["nodes"].items()], "since each node's start"
    status, answer = server.call("GET", VESPA_PATH)
    if status == 200 and isinstance(answer, dict) and "metrics" in answer:
        return _of_container(server.shown, answer["metrics"].get("values", [])), "in the container's last snapshot"
    raise NotReadyError(f"{server.shown} has none of {', '.join((*PATHS, VESPA_PATH))}; is the plugin installed?")


def to_markdown(nodes: Sequence[Counts], since: str) -> str:
    """Write what the counters say: a table of nodes, then the reasons."""
    nodes = sorted(nodes, key=lambda counts: counts.node)
    whole = _sum(nodes)
    if not whole.tried + whole.skipped.total():
        return f"The plugin answered and has counted no search {since}.\n"
    shown = [*nodes, whole] if len(nodes) > 1 else nodes
    lines = [
        "# What the plugin counted",
        "",
        f"Searches {since}.",
        "",
        *table(_HEAD, [_row(counts) for counts in shown]),
        "",
    ]
    if whole.tried:
        lines += [_verdict(whole), ""]
    for title, counted in (("Kept the first stage's order (failed)", whole.failed), ("Left alone", whole.skipped)):
        if counted:
            rows = [[f"`{reason}`", str(number)] for reason, number in counted.most_common()]
            lines += [f"## {title}", "", *table(["reason", "searches"], rows), ""]
    return "\n".join(lines).rstrip() + "\n"


_HEAD = ["node", "in the shadow", "reranked", "failed", "left alone", "half within", "95 % within", "breaker"]


def _row(counts: Counts) -> list[str]:
    numbers = [counts.shadowed, counts.reranked, counts.failed.total(), counts.skipped.total()]
    return [counts.node, *map(str, numbers), counts.within(0.5), counts.within(0.95), counts.breaker]


def _verdict(whole: Counts) -> str:
    good = whole.tried - whole.failed.total()
    share = f"{100 * good / whole.tried:.1f} %"
    return f"{good} of {whole.tried} searches that were to be reranked got scores in time ({share})."


def _sum(nodes: Sequence[Counts]) -> Counts:
    whole = Counts("all nodes")
    for counts in nodes:
        whole.reranked += counts.reranked
        whole.shadowed += counts.shadowed
        for mine, theirs in ((whole.skipped, counts.skipped), (whole.failed, counts.failed)):
            mine.update(theirs)
        whole.latency.update(counts.latency)
    return whole


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
