"""Attaches an index: checks first, then settings, a search before and after, and a window and timeout that fit."""

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from lastly_integrations.search_api.cluster import Cluster, Probe
from lastly_integrations.search_api.errors import WiringError

_ROUNDS = 5
_HEADROOM = 2.0  # a proposed timeout is twice the slowest of the measured searches
_WINDOW = 50
_BEARABLE_MS = 500  # the default timeout; a slower window gets a smaller one proposed
_PROBE_TIMEOUT = "30s"


@dataclass(frozen=True)
class Wiring:
    """What a user asks for; `settings` holds further index settings by their short names."""

    index: str
    fields: tuple[str, ...]
    sidecars: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    probe: str = ""

    @property
    def window(self) -> int:
        """The window that is asked for, in hits."""
        try:
            return int(self.settings.get("window_size", _WINDOW))
        except ValueError:
            raise WiringError(f"--window-size: {self.settings['window_size']} is no whole number") from None


@dataclass(frozen=True)
class Report:
    """What the probe showed; `nodes` says of each node why it did not rerank (empty: it did)."""

    before: Probe
    after: Probe
    window: int
    slowest_ms: int
    median_ms: int
    nodes: dict[str, str] = field(default_factory=dict)

    @property
    def timeout_ms(self) -> int:
        """A timeout that fits this hardware, rounded up to 50 ms."""
        return math.ceil(max(self.slowest_ms * _HEADROOM, 50) / 50) * 50

    @property
    def bearable_window(self) -> int:
        """The window that a timeout of 500 ms would fit, as time grows with the hits."""
        return max(1, min(self.window, int(self.window * _BEARABLE_MS / max(self.timeout_ms, 1))))


def attach(cluster: Cluster, wiring: Wiring, nodes: Mapping[str, Cluster] | None = None) -> Report:
    """Switch reranking on; puts the settings back as they were and raises WiringError where the probe fails.

    `nodes` are connections to the single nodes, by name: each of them must reach the sidecar.
    """
    cluster.check_plugin()
    cluster.check_fields(wiring.index, wiring.fields)
    if not wiring.sidecars and not cluster.sidecars():
        raise WiringError("no sidecar is known to the nodes; give --sidecar http://HOST:8787")
    text = wiring.probe or cluster.example_text(wiring.index, wiring.fields[0])
    before, sidecars = cluster.index_settings(wiring.index), cluster.persistent_sidecars()
    try:
        report = _switched_on(cluster, wiring, text, nodes or {})
    except WiringError:
        cluster.restore_index(wiring.index, before)
        if wiring.sidecars:
            cluster.set_sidecars(sidecars)
        raise
    timeout = wiring.settings.get("timeout", f"{report.timeout_ms}ms")
    cluster.set_index(wiring.index, {"mode": wiring.settings.get("mode"), "timeout": timeout})
    return report


def _switched_on(cluster: Cluster, wiring: Wiring, text: str, nodes: Mapping[str, Cluster]) -> Report:
    window = wiring.window
    if wiring.sidecars:
        cluster.set_sidecars(wiring.sidecars)
    asked = {**wiring.settings, "fields": list(wiring.fields), "mode": "rerank", "timeout": _PROBE_TIMEOUT}
    cluster.set_index(wiring.index, {**asked, "enabled": True})
    return _probe(cluster, wiring, text, window, nodes)


def _probe(cluster: Cluster, wiring: Wiring, text: str, window: int, nodes: Mapping[str, Cluster]) -> Report:
    each = {name: _asked(node, wiring, text) for name, node in nodes.items()}
    if failed := [f"{name}: {warning}" for name, warning in each.items() if warning]:
        raise WiringError(f"the probe was not reranked, so nothing is attached: {'; '.join(failed)}")
    before = cluster.probe(wiring.index, wiring.fields, text, enabled=False, window=window)
    rounds = [_reranked(cluster, wiring, text, window) for _ in range(_ROUNDS)]
    took = [found.took_ms for found in rounds[1:]]  # the first one opened connections
    return Report(before, rounds[-1], window, max(took), int(statistics.median(took)), each)


def _reranked(cluster: Cluster, wiring: Wiring, text: str, window: int) -> Probe:
    found = cluster.probe(wiring.index, wiring.fields, text, enabled=True, window=window)
    if found.warning:  # said at once: further failures would only open the breaker and hide the reason
        raise WiringError(f"the probe was not reranked, so nothing is attached: {found.warning}")
    return found


def _asked(node: Cluster, wiring: Wiring, text: str) -> str:
    """Give why this node did not rerank; empty where it did."""
    return node.probe(wiring.index, wiring.fields, text, enabled=True, window=2).warning
