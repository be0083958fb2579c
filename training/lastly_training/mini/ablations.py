"""What each part of the recipe brings: the same short training once for every change of it.

`python -m lastly_training.mini.ablations DATA -o FOLDER --backbone BACKBONE --teacher TEACHER... --steps 900` takes
the flags of `lastly-train` and prints a table. `FOLDER/ablations.json` holds every set's figures; what it holds
already is not trained again, so that a call that was cut off goes on.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from lastly_training.cli import parser, started
from lastly_training.data.dev_sets import DevSet
from lastly_training.data.prepared import Prepared
from lastly_training.loop.centring import centred
from lastly_training.loop.evaluate import Tokens, report
from lastly_training.loop.recipe import Recipe
from lastly_training.loop.run import Run
from lastly_training.loop.train import Trainer
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.teachers.teacher import Teacher, named_teacher

CHANGES = (
    "",
    "--distill-embeddings 0 --embeddings-share 0",  # a first stage without its loss would teach nothing
    "--info-nce 0",
    "--dispersion 0",
    "--label-weight 0 --synthetic-label-weight 0 --info-nce 0",
    "--seed 1",
    "--varied 0",
    "--embeddings-share 0",
    "--dual 0.3",
    "--similarity 0.3",
    "--bm25-weight 0",
    "--largest 16",
    "--seed 2",
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Ablations:
    """What the trainings share; `start` gives the checkpoint that a recipe's training begins from."""

    start: Callable[[Recipe], Checkpoint]
    prepared: Prepared
    teachers: Sequence[Teacher]
    dev_sets: Sequence[tuple[DevSet, Tokens]]
    device: str

    def run(self, recipe: Recipe, changes: Sequence[str], file: Path) -> dict[str, Row]:
        """Train and measure every change that the file does not hold, and keep each at once."""
        rows: dict[str, Row] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        for change in changes:
            wanted = changed(recipe, change)
            if rows.get(change, {}).get("recipe") == asdict(wanted):
                continue
            print(f"change: {change or 'none'}", flush=True)
            try:
                rows[change] = {"recipe": asdict(wanted)} | self._row(wanted)
            except RuntimeError as error:  # too little memory, say: others may fit
                print(f"{change or 'none'}: {error}", file=sys.stderr, flush=True)
                continue
            file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
            print(table(rows), flush=True)
        return rows

    def _row(self, recipe: Recipe) -> Row:
        checkpoint, began = self.start(recipe), time.monotonic()
        model, average = Trainer(self.prepared, self.teachers, recipe, self.device).train(checkpoint)
        row: Row = {"seconds": time.monotonic() - began}
        measure = partial(report, self.dev_sets, model, self.device, [], shuffles=1)
        row["last"] = measure()
        if average.steps:
            average.give(model)
        return row | {"averaged": measure()}


def changed(recipe: Recipe, change: str) -> Recipe:
    """Change a recipe as flags of the command line say."""
    flags = argparse.ArgumentParser(prog="a change of the recipe", add_help=False)
    Recipe.add_flags(flags)
    flags.set_defaults(**asdict(recipe))
    return Recipe.of_flags(flags.parse_args(change.split()))


def table(rows: dict[str, Row]) -> str:
    """Write the means over all sets in Markdown, in points: of the averaged weights and of the last step's."""
    lines = [
        "| change | seconds | in order | shuffled | last step, in order | shuffled |",
        "|---" * 6 + "|",
    ]
    for change, row in rows.items():
        means = [row[weights]["mean"][key] for weights in ("averaged", "last") for key in ("model", "shuffled")]
        told = " | ".join(f"{100 * mean:.1f}" for mean in means)
        lines.append(f"| {f'`{change}`' if change else 'none'} | {row['seconds']:.0f} | {told} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    flags = parser()
    flags.prog, flags.description = "python -m lastly_training.mini.ablations", __doc__.split("\n")[0]
    flags.add_argument(
        "--changes", nargs="+", default=CHANGES, help='each as flags in quotes, "" for none (%(default)s)'
    )
    options = flags.parse_args(arguments)
    torch.multiprocessing.set_sharing_strategy("file_system")
    options.output.mkdir(parents=True, exist_ok=True)
    recipe = Recipe.of_flags(options)
    ablations = _ablations(options, recipe)
    if not ablations.dev_sets:
        raise SystemExit(f"{options.data} holds no folder with qrels.dev.tsv to measure on")
    ablations.run(recipe, options.changes, options.output / "ablations.json")


def _ablations(options: argparse.Namespace, recipe: Recipe) -> Ablations:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    run = Run(options.data, [named_teacher(name, device) for name in options.teacher], device, options.sample)
    begin = cache(partial(started, options))
    prepared = run.prepare(begin(recipe.seed), recipe, options.prepared)

    def start(changed: Recipe) -> Checkpoint:
        checkpoint = begin(changed.seed)
        return checkpoint if options.checkpoint else centred(checkpoint, prepared, changed, device)

    return Ablations(start, prepared, run.teachers, run.dev_sets(begin(recipe.seed)), device)


if __name__ == "__main__":
    main()
