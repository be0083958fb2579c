"""Draws the plots of `benchmarks/RESULTS.md`, as SVG without a date or random names."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl

from benchmarks.results import RESULTS

mpl.use("svg")
from matplotlib import pyplot as plt

mpl.rcParams["svg.hashsalt"] = "lastly"  # the same figures give the same file

_PLOTS = RESULTS.parent / "plots"


def new_axes() -> tuple[Any, Any]:
    """Return an empty figure and its axes."""
    figure, found = plt.subplots(figsize=(6, 4))
    return figure, found


def save(figure: Any, drawn: Any, name: str) -> None:
    """Write `plots/name.svg`."""
    _PLOTS.mkdir(exist_ok=True)
    drawn.grid(visible=True, alpha=0.3)
    drawn.legend()
    figure.tight_layout()
    figure.savefig(_PLOTS / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)


def lines(series: Mapping[str, Mapping[int, float]], name: str, **labels: str) -> str:
    """Draw a line a name over the tokens, both axes logarithmic; return the Markdown that shows the plot."""
    figure, drawn = new_axes()
    for label, points in series.items():
        drawn.plot(list(points), list(points.values()), "o-", label=label)
    drawn.set(xscale="log", yscale="log", xlabel="tokens", **labels)
    save(figure, drawn, name)
    return f"![{labels['title']}](plots/{name}.svg)"
