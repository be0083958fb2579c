"""`lastly check FOLDER`: opens a model folder as `lastly serve` would, verifies it and says what to fix."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from lastly.config import embedded_model
from lastly.flags import parse
from lastly.ranking.check import examine
from lastly.serving.registry import graph_options


def run(argv: Sequence[str]) -> int:
    """Print one line per finding; return 0 where all is good, else 1."""
    flags = argparse.ArgumentParser(prog="lastly check", description=__doc__)
    flags.add_argument(
        "folder", type=Path, nargs="?", default=embedded_model(), help="model folder (default: lastly-mini)"
    )
    flags.add_argument(
        "--provider", choices=("cpu", "cuda"), help="where the model is to run, as `lastly serve` is told"
    )
    options = flags.parse_args(argv)
    settings = parse(["--provider", options.provider] if options.provider else [])
    console = Console()
    good = True
    for finding in examine(options.folder, graph_options(settings)):
        good &= finding.good
        mark = "[green]good[/green]" if finding.good else "[red]bad [/red]"
        console.print(f"{mark} {finding.name}: {escape(finding.detail)}", soft_wrap=True)
        if not finding.good:
            console.print(f"     {escape(finding.advice)}", soft_wrap=True)
    return 0 if good else 1
