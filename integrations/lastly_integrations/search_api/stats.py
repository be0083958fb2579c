"""The stats of OpenSearch's and Elasticsearch's plugin: one object a node, counted since the node's start."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from lastly.errors import NotReadyError
from lastly_integrations.json_client import JsonClient
from lastly_integrations.node_stats import MORE, EngineStats, NodeStats

PATHS = {"opensearch": "/_plugins/_lastly/stats", "elasticsearch": "/_lastly/stats"}


def read(client: JsonClient) -> EngineStats | None:
    """Return the nodes' stats; None where neither engine's plugin answers. Raises NotReadyError for a closed door."""
    for path in PATHS.values():
        status, answer = client.call("GET", path)
        if status in (401, 403):
            raise NotReadyError(f"{client.shown} answered {status}; put user and password into the URL")
        if status == 200 and isinstance(answer, dict) and "nodes" in answer:
            with client.reading():
                nodes = [_of_node(name, counted) for name, counted in by_name(answer)]
                return EngineStats(nodes, since_start=True)
    return None


def by_name(answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return what each node counted, as it wrote it, by the node's name."""
    for identity, content in answer["nodes"].items():
        counted = dict(content)
        yield str(counted.pop("name", identity)), counted


def _of_node(name: str, counted: dict[str, Any]) -> NodeStats:
    return NodeStats(
        node=name,
        reranked=int(counted.get("reranked", 0)),
        shadowed=int(counted.get("shadowed", 0)),
        skipped=Counter(counted.get("skipped", {})),
        failed=Counter(counted.get("failed", {})),
        latency=Counter(dict(_buckets(counted.get("latency_ms", {})))),
        breaker=str(counted.get("breaker", "")),
    )


def _buckets(histogram: dict[str, int]) -> Iterator[tuple[float, int]]:
    for name, calls in histogram.items():
        yield (float(name.removeprefix("le_")) if name.startswith("le_") else MORE), calls
