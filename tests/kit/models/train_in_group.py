"""One process of several that train together, as torchrun starts it: `DATA FOLDER`, whose `start` they begin with."""

import sys
from pathlib import Path

from lastly_training.loop.parallel import Group
from lastly_training.loop.recipe import Recipe
from lastly_training.loop.run import Run
from lastly_training.loop.train import Trainer
from lastly_training.model.checkpoint import Checkpoint


def main(data: Path, folder: Path) -> None:
    """Prepare and train three steps; leave this process's weights in `rank<n>`."""
    recipe = Recipe(steps=3, tokens=1024, largest=8, limit=48, workers=0, synthetic=1)
    group = Group.join()
    run = Run(data, [], "cpu", 8, group)
    checkpoint = Checkpoint.load(folder / "start")
    prepared = run.prepare(checkpoint, recipe, folder / "prepared")
    model, _ = Trainer(prepared, [], recipe, "cpu", group).train(checkpoint)
    model.checkpoint().save(folder / f"rank{group.rank}")
    group.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
