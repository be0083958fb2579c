"""Vespa's articles as the promises that hold in every engine ask for them."""

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from lastly_integrations.vespa.services import SEARCHER
from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.vespa.container import Container, Found


class Metrics:
    """Adds up a container's snapshots: each holds what was counted since the one before, for five seconds."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/state/v1/metrics"
        self._seen = 0
        self._counts: Counter[str] = Counter()
        self._last: dict[str, float] = {}

    def read(self) -> "Metrics":
        """Take the present snapshot in, unless it was taken in before."""
        with urllib.request.urlopen(self._url, timeout=10) as response:
            metrics = json.load(response)["metrics"]
        if metrics.get("snapshot", {}).get("to", 0) > self._seen:
            self._seen = metrics["snapshot"]["to"]
            for metric in metrics.get("values", []):
                self._take(metric["name"], metric["values"], metric.get("dimensions", {}))
        return self

    def _take(self, name: str, values: dict[str, float], dimensions: dict[str, str]) -> None:
        self._counts[name] += int(values.get("count", 0))
        if "reason" in dimensions:
            self._counts[f"{name} {dimensions['reason']}"] += int(values.get("count", 0))
        if "last" in values:
            self._last[f"{name} {dimensions.get('searcher')}"] = values["last"]

    def count(self, name: str) -> int:
        """Return how often `lastly.name` was counted; `name reason` for one reason."""
        return self.read()._counts[f"lastly.{name}"]

    def last(self, name: str, searcher: str) -> float:
        """Return what a searcher's gauge showed last."""
        return self.read()._last.get(f"lastly.{name} {searcher}", 0)


@dataclass(frozen=True)
class VespaDocuments:
    """The articles behind one chain, and the sidecar that it calls."""

    container: Container
    sidecar: LyingSidecar
    metrics: Metrics
    chains: dict[str, dict[str, str]]
    chain: str = "default"
    text: str = "how do I read a file line by line?"
    request_id: str = "X-Request-Id"

    def page(
        self, size: int = 10, start: int = 0, own: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Found:
        """Search, with what this query says of its own reranking."""
        properties = {f"lastly__{name}": value for name, value in (own or {}).items()}
        return self.container.search(
            self.text, headers=headers, hits=size, offset=start, searchChain=self.chain, **properties
        )

    def configured(self, **settings: Any) -> "VespaDocuments":
        """Return the chain that was deployed with these settings; they can't change while a container runs."""
        return replace(self, chain=next(name for name, has in self.chains.items() if has == settings))

    def count(self, name: str) -> int:
        """Return a counter."""
        return self.metrics.count(name)

    def breaker_open(self) -> bool:
        """Return whether the sidecar is left alone at present; a searcher says so with every query."""
        self.page()
        return self.metrics.last("breaker_open", SEARCHER) > 0
