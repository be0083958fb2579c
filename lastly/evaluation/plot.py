"""One picture a collection: who won and lost, and what the window brings and costs."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lastly.evaluation.measures import MAIN
from lastly.evaluation.results import Result

_GAIN, _LOSS, _MUTED, _INK = "#1a7f5a", "#c2410c", "#9aa3ad", "#1f2933"


def draw(result: Result, file: Path) -> None:
    """Write the picture as PNG."""
    several = len(result.windows) > 1
    figure = Figure(figsize=(11 if several else 6.5, 3.8), dpi=140, layout="constrained")
    FigureCanvasAgg(figure)
    places = figure.subplots(1, 2 if several else 1, squeeze=False)[0]
    _draw_changes(result, places[0])
    if several:
        _draw_windows(result, places[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)


def _draw_changes(result: Result, axes: Axes) -> None:
    changes = [100 * (after - before) for _, before, after in result.changes()]
    colours = [_GAIN if change > 0 else _LOSS if change < 0 else _MUTED for change in changes]
    axes.bar(range(len(changes)), changes, width=1.0, color=colours)
    axes.axhline(0, color=_INK, linewidth=0.8)
    difference = result.difference()
    axes.set_title(
        f"{result.collection.name}: {difference.wins} better, {difference.losses} worse, {difference.ties} equal",
        loc="left",
        fontsize=10,
        color=_INK,
    )
    axes.set_xlabel("queries, by gain")
    axes.set_ylabel(f"change of {MAIN}, points")
    axes.set_ylim(-105, 105)
    _tidy(axes)


def _draw_windows(result: Result, axes: Axes) -> None:
    windows = [system.variant.window for system in result.windows if system.variant]
    axes.plot(windows, [100 * system.mean() for system in result.windows], marker="o", color=_GAIN, label="reranked")
    axes.axhline(100 * result.first.mean(), color=_MUTED, linestyle="--", label="first stage")
    for window, system in zip(windows, result.windows, strict=True):
        axes.annotate(
            f"{system.latency.p50:.0f} ms",
            (window, 100 * system.mean()),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=_INK,
        )
    axes.set_title("window: quality and median time", loc="left", fontsize=10, color=_INK)
    axes.set_xlabel("window (hits reranked)")
    axes.set_ylabel(f"{MAIN}, points")
    axes.margins(y=0.2)
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=_INK, labelsize=8)
