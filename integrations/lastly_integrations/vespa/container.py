"""A running container: what its metrics say about reranking."""

import json
import urllib.request
from typing import Any

from lastly_integrations.vespa.errors import DeployError

_CALL_S = 5.0


def metrics(container: str) -> dict[str, float]:
    """Give the container's `lastly.*` metrics of its last snapshot, each with its dimensions in its name."""
    return {
        _name(metric): float(value)
        for metric in _get(f"{container.rstrip('/')}/state/v1/metrics").get("metrics", {}).get("values", [])
        if metric["name"].startswith("lastly.")
        for value in [metric["values"].get("count", metric["values"].get("last", 0))]
    }


def _name(metric: dict[str, Any]) -> str:
    dimensions = {key: value for key, value in metric.get("dimensions", {}).items() if key in ("reason",)}
    listed = ",".join(f"{key}={value}" for key, value in sorted(dimensions.items()))
    return f"{metric['name']}{{{listed}}}" if listed else str(metric["name"])


def _get(url: str) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise DeployError(f"{url} is no address of a container; give one like http://localhost:8080")
    try:
        with urllib.request.urlopen(url, timeout=_CALL_S) as response:  # noqa: S310  checked above
            answer: dict[str, Any] = json.load(response)
    except (OSError, ValueError) as error:
        raise DeployError(f"the container at {url} gives no metrics: {error}") from error
    return answer
