"""The plugins' counters as Prometheus reads them: each scrape asks the engines anew."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from lastly.errors import LastlyError
from lastly_integrations.json_client import JsonClient
from lastly_integrations.node_stats import EngineStats, NodeStats
from lastly_integrations.stats import read

_log = logging.getLogger("lastly")
_NODE = ["engine", "node"]


class EngineCollector(Collector):
    """Collects from OpenSearch and Elasticsearch; Vespa writes its own metrics for Prometheus."""

    def __init__(self, clients: Sequence[JsonClient]) -> None:
        self._clients = list(clients)

    def describe(self) -> Iterable[Metric]:
        """Name the metrics without asking anybody."""
        return _Families().all()

    def collect(self) -> Iterable[Metric]:
        """Ask all engines at once; one that does not answer is down and has no counters."""
        families = _Families()
        with ThreadPoolExecutor(max(1, len(self._clients))) as pool:
            for client, counted in zip(self._clients, pool.map(_read, self._clients), strict=True):
                families.add(client.shown, counted)
        return families.all()


class _Families:
    def __init__(self) -> None:
        self.up = GaugeMetricFamily(
            "lastly_engine_up", "1: the engine answers, with the plugin in it", labels=["engine"]
        )
        self.searches = CounterMetricFamily(
            "lastly_engine_searches", "searches by what became of them", labels=[*_NODE, "outcome", "reason"]
        )
        self.calls = HistogramMetricFamily("lastly_engine_call_seconds", "calls of the sidecar", labels=_NODE)
        self.breaker = GaugeMetricFamily("lastly_engine_breaker_open", "1: the sidecar is left alone", labels=_NODE)

    def all(self) -> list[Metric]:
        return [self.up, self.searches, self.calls, self.breaker]

    def add(self, engine: str, counted: EngineStats | None) -> None:
        self.up.add_metric([engine], float(counted is not None))
        for counts in counted.nodes if counted else ():
            self._add_node([engine, counts.node], counts)

    def _add_node(self, labels: list[str], counts: NodeStats) -> None:
        self.searches.add_metric([*labels, "reranked", ""], counts.reranked)
        self.searches.add_metric([*labels, "shadowed", ""], counts.shadowed)
        for outcome, reasons in (("failed", counts.failed), ("skipped", counts.skipped)):
            for reason, number in reasons.items():
                self.searches.add_metric([*labels, outcome, reason], number)
        self.calls.add_metric(labels, _cumulative(counts), sum_value=None)
        self.breaker.add_metric(labels, float(counts.breaker == "open"))


def _read(client: JsonClient) -> EngineStats | None:
    try:
        counted = read(client)
    except LastlyError as error:
        _log.warning("no counters: %s", error)
        return None
    if not counted.since_start:
        _log.warning("%s counts since its last snapshot: let Prometheus read Vespa's own metrics", client.shown)
        return None
    return counted


def _cumulative(counts: NodeStats) -> list[tuple[str, float]]:
    """Return buckets as Prometheus has them: calls within so many seconds."""
    within, buckets = 0, []
    for most in sorted(counts.latency):
        within += counts.latency[most]
        buckets.append(("+Inf" if most == float("inf") else str(most / 1000), float(within)))
    return buckets if buckets and buckets[-1][0] == "+Inf" else [*buckets, ("+Inf", float(within))]
