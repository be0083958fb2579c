"""What the plugins counted while they reranked in the shadow: the order was left alone, the moves were counted."""

from collections.abc import Iterator
from typing import Any

from lastly.errors import NotReadyError
from lastly.evaluation.report import table
from lastly.local.http_json import JsonServer

PATHS = ("/_plugins/_lastly/stats", "/_lastly/stats")


def read_stats(server: JsonServer) -> dict[str, Any]:
    """Read an engine's counters, OpenSearch's path first; raises NotReadyError where neither is there."""
    for path in PATHS:
        status, answer = server.call("GET", path)
        if status == 200 and isinstance(answer, dict):
            return answer
        if status in (401, 403):
            raise NotReadyError(f"{server.shown} answered {status}; put user and password into the URL")
    raise NotReadyError(f"{server.shown} has neither {PATHS[0]} nor {PATHS[1]}; is the plugin installed?")


def counters(stats: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Give counter → node → value; names are dotted paths below the node. Nodes come under `nodes`, or as one."""
    nodes = stats.get("nodes")
    by_node = nodes if isinstance(nodes, dict) and nodes else {"node": stats}
    found: dict[str, dict[str, float]] = {}
    for node, content in by_node.items():
        shown = content.get("name", node) if isinstance(content, dict) else node
        for name, value in _numbers(content, ""):
            found.setdefault(name, {})[str(shown)] = value
    return found


def to_markdown(stats: dict[str, Any]) -> str:
    """Write the counters as a table, those of the shadow first; one column a node and the sum."""
    found = counters(stats)
    if not found:
        return "The plugin answered and has counted nothing yet.\n"
    nodes = sorted({node for values in found.values() for node in values})
    names = sorted(found, key=lambda name: ("shadow" not in name, name))
    rows = [
        [name, *(_number(found[name].get(node, 0.0)) for node in nodes), _sum_of(name, found[name])] for name in names
    ]
    return "\n".join(table(["counter", *nodes, "all nodes"], rows)) + "\n"


def _numbers(content: Any, prefix: str) -> Iterator[tuple[str, float]]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _numbers(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from _numbers(value, f"{prefix}[{place}]")
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield prefix, float(content)


def _sum_of(name: str, values: dict[str, float]) -> str:
    """Counts add up over nodes; means, percentiles and bounds do not."""
    last = name.rsplit(".", 1)[-1]
    return (
        ""
        if any(word in last for word in ("mean", "p50", "p95", "p99", "max", "min", "le"))
        else _number(sum(values.values()))
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3f}"
