"""Attaches an index: checks first, then settings, a search before and after, and a timeout from measured times."""

import math
import statistics
import warnings
from dataclasses import dataclass, field

from integrations.elasticsearch.cluster import Cluster, Probe
from integrations.elasticsearch.errors import WiringError

_ROUNDS = 5
_HEADROOM = 2.0  # a proposed timeout is twice the slowest of the measured calls
_PROBE_TIMEOUT = "30s"


@dataclass(frozen=True)
class Wiring:
    """What a user asks for; `settings` holds further index settings by their short names."""

    index: str
    fields: tuple[str, ...]
    sidecars: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    probe: str = ""


@dataclass(frozen=True)
class Report:
    """What the probe showed."""

    before: Probe
    after: Probe
    window: int
    slowest_ms: int
    median_ms: int

    @property
    def timeout_ms(self) -> int:
        """A timeout that fits this hardware, rounded up to 50 ms."""
        return math.ceil(max(self.slowest_ms * _HEADROOM, 50) / 50) * 50


def attach(cluster: Cluster, wiring: Wiring) -> Report:
    """Switch reranking on; takes the settings off again and raises WiringError where the probe fails."""
    cluster.check_plugin()
    cluster.check_fields(wiring.index, wiring.fields)
    if wiring.sidecars:
        cluster.set_sidecars(wiring.sidecars)
    elif not cluster.sidecars():
        raise WiringError("no sidecar is known to the nodes; give --sidecar http://HOST:8787")
    text = wiring.probe or cluster.example_text(wiring.index, wiring.fields[0])
    asked = {"fields": list(wiring.fields), **wiring.settings}
    cluster.set_index(wiring.index, {**asked, "mode": "rerank", "timeout": _PROBE_TIMEOUT, "enabled": True})
    try:
        report = _probe(cluster, wiring, text)
    except WiringError:
        cluster.unset_index(wiring.index)
        raise
    cluster.set_index(
        wiring.index,
        {"mode": wiring.settings.get("mode"), "timeout": wiring.settings.get("timeout", f"{report.timeout_ms}ms")},
    )
    return report


def _probe(cluster: Cluster, wiring: Wiring, text: str) -> Report:
    window = int(wiring.settings.get("window_size", 50))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client turns the header into a Python warning; it is read below
        before = cluster.probe(wiring.index, wiring.fields, text, enabled=False, window=window)
        rounds = [cluster.probe(wiring.index, wiring.fields, text, enabled=True, window=window) for _ in range(_ROUNDS)]
    warned = next((each.warning for each in rounds if "lastly" in each.warning), "")
    if warned:
        raise WiringError(f"the probe was not reranked, so nothing is attached: {warned}")
    took = [each.took_ms for each in rounds[1:]]  # the first one opened connections
    return Report(before, rounds[-1], window, max(took), int(statistics.median(took)))
