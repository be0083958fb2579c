"""One training from its start to its report: prepare, train, evaluate, save."""

import json
import pickle
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from training.checkpoint import Checkpoint
from training.data import read_collections, without_held_out
from training.evaluate import read_dev_sets, report, table
from training.model import describe
from training.prepared import Prepared, plain_tokenizer, prepare
from training.recipe import Recipe
from training.teacher import Teacher
from training.train import train


@dataclass(frozen=True)
class Run:
    """What a training reads, and where it works."""

    data: Path
    teacher: Teacher | None
    device: str
    sample: int | None = None  # dev queries a set

    def prepare(self, checkpoint: Checkpoint, recipe: Recipe, kept: Path | None = None) -> Prepared:
        """Read the training collections, or what an earlier call kept in the file `kept`."""
        if kept and kept.exists():
            loaded: Prepared = pickle.loads(kept.read_bytes())  # noqa: S301 - written below
            return loaded
        started = time.monotonic()
        collections = [without_held_out(collection) for collection in read_collections(self.data, "train")]
        tokenizer = plain_tokenizer(checkpoint.tokenizer)
        prepared = prepare(collections, tokenizer, self.teacher, recipe.synthetic, recipe.seed)
        counts = f"{len(prepared.queries)} queries, {len(prepared.documents)} documents"
        print(f"{counts}: {time.monotonic() - started:.0f} s", flush=True)
        if kept:
            kept.write_bytes(pickle.dumps(prepared))
        return prepared

    def train(self, checkpoint: Checkpoint, prepared: Prepared, recipe: Recipe, output: Path) -> Path:
        """Train and save; gives the folder of the better checkpoint, the last step's or the averaged one.

        `training.json` beside them says how they were made and with what result; `kept` is the recipe's `keep_every`.
        """
        started = time.monotonic()
        model, average = train(
            checkpoint, prepared, recipe, self.device, lambda model: model.checkpoint().save(output / "kept")
        )
        model.checkpoint().save(output)
        dev_sets = read_dev_sets(self.data, plain_tokenizer(checkpoint.tokenizer), self.sample)
        rows = {output: report(dev_sets, model, self.device, self.teacher)}
        if average.steps:
            average.give(model)
            model.checkpoint().save(output / "averaged")
            rows[output / "averaged"] = report(dev_sets, model, self.device, None)
        for folder, measured in rows.items():
            print(f"{folder}\n{table(measured)}", flush=True)
        measures = {folder.name: measured for folder, measured in rows.items()}
        facts = {"recipe": asdict(recipe), "ndcg@10": measures, "seconds": time.monotonic() - started}
        (output / "training.json").write_text(json.dumps(facts | describe(model), indent=2) + "\n", encoding="utf-8")
        return max(rows, key=lambda folder: rows[folder].get("mean", {}).get("model", 0.0))
