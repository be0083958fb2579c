"""The metrics of a running container that are Lastly's: what its searchers counted in the last snapshot."""

from dataclasses import dataclass
from typing import Any

from lastly.errors import NotReadyError
from lastly_integrations.json_client import JsonClient
from lastly_integrations.node_stats import EngineStats, NodeStats

PATH = "/state/v1/metrics"
_OURS = "lastly."


@dataclass(frozen=True)
class Metric:
    """One metric of one searcher; `values` holds count, last, average, max and the like, as its kind has them."""

    name: str
    dimensions: dict[str, str]
    values: dict[str, float]

    @property
    def number(self) -> float:
        """How often, or (a gauge) the last value."""
        return float(self.values.get("count", self.values.get("last", 0)))

    @property
    def reason(self) -> str:
        """Why a search was left alone or failed; empty for metrics that have no reason."""
        return str(self.dimensions.get("reason", ""))


def metrics(client: JsonClient) -> dict[str, float]:
    """Return the numbers of the last snapshot by the metrics' names; raises NotReadyError where there are none."""
    found = _snapshot(client)
    if found is None:
        raise NotReadyError(f"{client.shown} gives no metrics; is it the address of a container?")
    return {f"{each.name}{{reason={each.reason}}}" if each.reason else each.name: each.number for each in found}


def read(client: JsonClient) -> EngineStats | None:
    """Return the searchers' stats, each as a node; None where no container answers."""
    found = _snapshot(client)
    if found is None:
        return None
    nodes: dict[str, NodeStats] = {}
    with client.reading():
        for metric in found:
            searcher = str(metric.dimensions.get("searcher", client.shown))
            _add(nodes.setdefault(searcher, NodeStats(searcher)), metric)
    return EngineStats(list(nodes.values()) or [NodeStats(client.shown)], since_start=False)


def _snapshot(client: JsonClient) -> list[Metric] | None:
    status, answer = client.call("GET", PATH)
    if status != 200 or not isinstance(answer, dict) or not {"metrics", "status"} & set(answer):
        return None
    with client.reading():
        written: list[dict[str, Any]] = answer.get("metrics", {}).get("values", [])
        return [
            Metric(each["name"], each.get("dimensions", {}), each["values"])
            for each in written
            if each["name"].startswith(_OURS)
        ]


def _add(stats: NodeStats, metric: Metric) -> None:
    name, number = metric.name.removeprefix(_OURS), int(metric.number)
    if name in ("reranked", "shadowed"):
        setattr(stats, name, getattr(stats, name) + number)
    elif name in ("skipped", "failed"):
        getattr(stats, name)[metric.reason] += number
    elif name == "breaker_open":
        stats.breaker = "open" if metric.values.get("last") else "closed"
    elif name == "latency_ms":  # a snapshot holds no histogram but its ends
        high = metric.values.get("95percentile", metric.values.get("max", 0.0))
        average = metric.values.get("average", 0.0)
        stats.latency.update({float(average): number - number // 20, float(high): number // 20})
