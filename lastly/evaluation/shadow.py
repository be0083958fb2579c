"""What the plugins counted, above all in the shadow: there they call the sidecar and leave the order alone."""

from collections.abc import Sequence

from lastly.evaluation.report import table
from lastly_integrations.node_stats import EngineStats, NodeStats


def to_markdown(stats: EngineStats) -> str:
    """Write what the counters say: a table of nodes, then the reasons."""
    nodes = sorted(stats.nodes, key=lambda counts: counts.node)
    since = "since each node's start" if stats.since_start else "in the container's last snapshot"
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
    for title, reasons in (("Kept the first stage's order (failed)", whole.failed), ("Left alone", whole.skipped)):
        if reasons:
            rows = [[f"`{reason}`", str(number)] for reason, number in reasons.most_common()]
            lines += [f"## {title}", "", *table(["reason", "searches"], rows), ""]
    return "\n".join(lines).rstrip() + "\n"


_HEAD = ["node", "in the shadow", "reranked", "failed", "left alone", "half within", "95 % within", "breaker"]


def _row(counts: NodeStats) -> list[str]:
    numbers = [counts.shadowed, counts.reranked, counts.failed.total(), counts.skipped.total()]
    return [counts.node, *map(str, numbers), counts.within(0.5), counts.within(0.95), counts.breaker]


def _verdict(whole: NodeStats) -> str:
    good = whole.tried - whole.failed.total()
    share = f"{100 * good / whole.tried:.1f} %"
    return f"{good} of {whole.tried} searches that were to be reranked got scores in time ({share})."


def _sum(nodes: Sequence[NodeStats]) -> NodeStats:
    whole = NodeStats("all nodes")
    for counts in nodes:
        whole.reranked += counts.reranked
        whole.shadowed += counts.shadowed
        for mine, theirs in ((whole.skipped, counts.skipped), (whole.failed, counts.failed)):
            mine.update(theirs)
        whole.latency.update(counts.latency)
    return whole
