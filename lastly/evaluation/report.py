"""The report: Markdown for people, JSON for programs."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev
from typing import Any

from lastly import __version__
from lastly.evaluation.measures import MAIN, TITLES
from lastly.evaluation.results import Result, SystemResult
from lastly.evaluation.significance import Difference

_SHOWN = 5  # largest gains and losses that the report lists


@dataclass(frozen=True)
class Heading:
    """What was compared with what, and the command that does it again."""

    command: str
    first_stage: str
    reranker: str
    depth: int
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the fields and where it ran."""
        machine = {"python": platform.python_version(), "machine": platform.machine(), "lastly": __version__}
        return {**vars(self), **machine}


def to_markdown(heading: Heading, results: Sequence[Result]) -> str:
    """Write the report; several collections begin with a table of all."""
    lines = ["# Evaluation", "", f"First stage: {heading.first_stage}. Reranker: {heading.reranker}.", ""]
    lines += ["```sh", heading.command, "```", "", *(f"{note}\n" for note in heading.notes)]
    lines += _summary(results)
    for result in results:
        lines += _section(result, heading)
    return "\n".join(lines).rstrip() + "\n"


def to_json(heading: Heading, results: Sequence[Result]) -> dict[str, Any]:
    """Return everything, per query too."""
    return {"heading": heading.to_json(), "collections": [_collection_json(result) for result in results]}


def means(results: Sequence[Result], name: str = MAIN) -> tuple[float, float]:
    """Return the mean over collections before and after reranking."""
    return fmean(result.first.mean(name) for result in results), fmean(result.main.mean(name) for result in results)


def _summary(results: Sequence[Result]) -> list[str]:
    name = next(iter(results[0].first.per_query))
    rows = [
        [
            f"{result.collection.name} ({result.collection.split})",
            str(len(result.first.per_query[name])),
            _points(result.first.mean(name)),
            _points(result.main.mean(name)),
            *_difference_cells(result.difference(name)),
        ]
        for result in results
    ]
    if len(results) > 1:
        before, after = means(results, name)
        rows.append(["**mean**", "", _points(before), _points(after), f"{100 * (after - before):+.2f}", "", "", ""])
    title = TITLES.get(name, name)
    head = ["collection", "queries", f"{title} first stage", "reranked", "difference", "95 % interval", "p"]
    return [*table([*head, "wins / losses / ties"], rows), "", _how_to_read()]


def _how_to_read() -> str:
    return (
        "Points of 100. p: two-sided paired randomisation test over queries; "
        "below 0.05 the difference is unlikely to be chance.\n"
    )


def _section(result: Result, heading: Heading) -> list[str]:
    lines = [f"## {result.collection.name}", "", *_measures(result, heading), ""]
    lines += [f"![{result.collection.name}]({plot_name(result)})", ""]
    if len(result.windows) > 1:
        lines += ["### Windows", "", *_windows(result), ""]
    if result.orders:
        lines += ["### Sensitivity to the order of the candidates", "", *_orders(result), ""]
    return [*lines, "### Largest gains and losses", "", *_changes(result), ""]


def plot_name(result: Result) -> str:
    """Name a collection's plot."""
    return f"{result.collection.name}.{result.collection.split}.png"


def _measures(result: Result, heading: Heading) -> list[str]:
    rows = [
        [
            TITLES.get(name, name),
            _points(result.first.mean(name)),
            _points(result.main.mean(name)),
            *_difference_cells(difference := result.difference(name)),
            f"{difference.p_t:.2g}",
        ]
        for name in result.first.per_query
    ]
    rows.append(["ms a query, p50 / p95", _latency(result.first), f"+ {_latency(result.main)}", "", "", "", "", ""])
    variant = result.main.variant
    title = f"reranked ({variant.name} of {heading.depth})" if variant else "reranked"
    return table(
        ["measure", "first stage", title, "difference", "95 % interval", "p", "wins / losses / ties", "p (t-test)"],
        rows,
    )


def _windows(result: Result) -> list[str]:
    rows = [
        [
            str(system.variant.window if system.variant else ""),
            *(_points(system.mean(name)) for name in system.per_query),
            f"{100 * (difference := result.difference(MAIN, system)).mean:+.2f}",
            f"{difference.p_randomisation:.2g}",
            _latency(system),
            f"{system.tokens:.0f}",
        ]
        for system in result.windows
    ]
    titles = [TITLES.get(name, name) for name in result.first.per_query]
    against = f"{TITLES[MAIN]} against first stage"
    return table(["window", *titles, against, "p", "ms p50 / p95", "tokens a query"], rows)


def _orders(result: Result) -> list[str]:
    """One row an order; shuffles are joined: their mean and spread over seeds."""
    main = result.main.mean()
    rows = [["first stage", _points(main), "", ""]]
    reverse = [system.mean() for system in result.orders if system.variant and system.variant.presented == "reversed"]
    shuffled = [system.mean() for system in result.orders if system.variant and system.variant.presented == "shuffled"]
    for title, values in (("reversed", reverse), (f"shuffled, {len(shuffled)} seeds", shuffled)):
        if values:
            spread = f"{100 * pstdev(values):.2f} ({_points(min(values))} to {_points(max(values))})"
            rows.append([title, _points(fmean(values)), f"{100 * (fmean(values) - main):+.2f}", spread])
    return table(
        [
            "order that the model sees",
            f"{TITLES[MAIN]}, mean",
            "against first-stage order",
            "spread (lowest to highest)",
        ],
        rows,
    )


def _changes(result: Result) -> list[str]:
    changes = result.changes()
    gains = [row for row in changes if row[2] > row[1]][:_SHOWN]
    losses = [row for row in reversed(changes) if row[2] < row[1]][:_SHOWN]
    rows = [
        [
            query,
            _cell(result.collection.queries[query]),
            _points(before),
            _points(after),
            f"{100 * (after - before):+.1f}",
        ]
        for query, before, after in [*gains, *losses]
    ]
    return table(["query", "text", "before", "after", "change"], rows)


def _collection_json(result: Result) -> dict[str, Any]:
    queries = {
        query: {"first_stage": before, "reranked": after, "text": result.collection.queries[query]}
        for query, before, after in result.changes()
    }
    return {
        "name": result.collection.name,
        "split": result.collection.split,
        "queries": len(queries),
        "first_stage": result.first.to_json(),
        "variants": {system.variant.name: system.to_json() for system in result.variants if system.variant},
        "differences": {name: result.difference(name).to_json() for name in result.first.per_query},
        "per_query": {"measure": MAIN, "values": queries},
    }


def _difference_cells(difference: Difference) -> list[str]:
    interval = f"{100 * difference.low:+.2f} to {100 * difference.high:+.2f}"
    outcome = f"{difference.wins} / {difference.losses} / {difference.ties}"
    return [f"{100 * difference.mean:+.2f}", interval, f"{difference.p_randomisation:.2g}", outcome]


def _latency(system: SystemResult) -> str:
    return f"{system.latency.p50:.1f} / {system.latency.p95:.1f}"


def _points(value: float) -> str:
    return f"{100 * value:.2f}"


def _cell(text: str) -> str:
    joined = " ".join(text.split()).replace("|", "\\|")
    return joined if len(joined) <= 100 else f"{joined[:99]}…"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a Markdown table."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
