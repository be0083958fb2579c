"""Attaches an index: checks first, then settings, a search before and after, and a window and timeout that fit."""

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from lastly_integrations.search_api.cluster import Cluster, Probe
from lastly_integrations.search_api.errors import ClusterError

_ROUNDS = 5
_HEADROOM = 2.0  # a proposed timeout is twice the slowest of the measured searches
_WINDOW = 50
_BEARABLE_MS = 500  # the default timeout; a slower window gets a smaller one proposed
_PROBE_TIMEOUT = "30s"


@dataclass(frozen=True)
class AttachRequest:
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
            raise ClusterError(f"--window-size: {self.settings['window_size']} is no whole number") from None


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


def attach(cluster: Cluster, request: AttachRequest, nodes: Mapping[str, Cluster] | None = None) -> Report:
    """Switch reranking on; puts the settings back as they were and raises ClusterError where the probe fails.

    `nodes` are connections to the single nodes, by name: each of them must reach the sidecar.
    """
    cluster.check_plugin()
    cluster.check_fields(request.index, request.fields)
    if not request.sidecars and not cluster.sidecars():
        raise ClusterError("no sidecar is known to the nodes; give --sidecar http://HOST:8787")
    text = request.probe or cluster.example_text(request.index, request.fields[0])
    before, sidecars = cluster.index_settings(request.index), cluster.persistent_sidecars()
    try:
        report = _switched_on(cluster, request, text, nodes or {})
        timeout = request.settings.get("timeout", f"{report.timeout_ms}ms")
        cluster.set_index(request.index, {"mode": request.settings.get("mode"), "timeout": timeout})
    except BaseException:  # an interrupted attach is undone too
        cluster.restore_index(request.index, before)
        if request.sidecars:
            cluster.set_sidecars(sidecars)
        raise
    return report


def _switched_on(cluster: Cluster, request: AttachRequest, text: str, nodes: Mapping[str, Cluster]) -> Report:
    window = request.window
    if request.sidecars:
        cluster.set_sidecars(request.sidecars)
    asked = {**request.settings, "fields": list(request.fields), "mode": "rerank", "timeout": _PROBE_TIMEOUT}
    cluster.set_index(request.index, {**asked, "enabled": True})
    return _probe(cluster, request, text, window, nodes)


def _probe(cluster: Cluster, request: AttachRequest, text: str, window: int, nodes: Mapping[str, Cluster]) -> Report:
    each = {name: _asked(node, request, text) for name, node in nodes.items()}
    if failed := [f"{name}: {warning}" for name, warning in each.items() if warning]:
        raise ClusterError(f"the probe was not reranked, so nothing is attached: {'; '.join(failed)}")
    before = cluster.probe(request.index, request.fields, text, enabled=False, window=window)
    rounds = [_reranked(cluster, request, text, window) for _ in range(_ROUNDS)]
    took = [found.took_ms for found in rounds[1:]]  # the first one opened connections
    return Report(before, rounds[-1], window, max(took), int(statistics.median(took)), each)


def _reranked(cluster: Cluster, request: AttachRequest, text: str, window: int) -> Probe:
    found = cluster.probe(request.index, request.fields, text, enabled=True, window=window)
    if found.warning:  # said at once: further failures would only open the breaker and hide the reason
        raise ClusterError(f"the probe was not reranked, so nothing is attached: {found.warning}")
    return found


def _asked(node: Cluster, request: AttachRequest, text: str) -> str:
    """Return why this node did not rerank; empty where it did."""
    return node.probe(request.index, request.fields, text, enabled=True, window=2).warning
