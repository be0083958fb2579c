"""One training from its start to its report: prepare, train, evaluate, save."""

import json
import pickle
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from lastly.ranking.tokenization import plain_tokenizer
from lastly_training.data.beir import read_collections, without_held_out
from lastly_training.data.dev_sets import DevSet, read_dev_sets
from lastly_training.data.prepared import Prepared, prepare
from lastly_training.loop.evaluate import Tokens, report, table
from lastly_training.loop.parallel import Group
from lastly_training.loop.recipe import Recipe
from lastly_training.loop.train import Trainer
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.model.reranker import ListwiseReranker, describe
from lastly_training.teachers.teacher import Teacher


@dataclass(frozen=True)
class Run:
    """What a training reads, and where it works."""

    data: Path
    teachers: Sequence[Teacher]
    device: str
    sample: int | None = None  # dev queries a set
    group: Group = field(default_factory=Group)

    def prepare(self, checkpoint: Checkpoint, recipe: Recipe, kept: Path | None = None) -> Prepared:
        """Read the training collections, or what an earlier call kept in the file `kept`.

        In a group the first process prepares; the others read the file, without which there can be no group.
        """
        if self.group.size > 1 and not kept:
            raise ValueError("several processes share what is prepared in a file: name it with --prepared")
        prepared: Prepared | None = None
        if self.group.first and not (kept and kept.exists()):
            prepared = self._prepare(checkpoint, recipe)
            if kept:
                kept.write_bytes(pickle.dumps(prepared))
        self.group.wait()
        if prepared is None:
            assert kept is not None
            prepared = pickle.loads(kept.read_bytes())  # noqa: S301 - written above
        return prepared

    def _prepare(self, checkpoint: Checkpoint, recipe: Recipe) -> Prepared:
        started = time.monotonic()
        collections = [without_held_out(collection) for collection in read_collections(self.data, "train")]
        tokenizer = plain_tokenizer(checkpoint.tokenizer)
        prepared = prepare(collections, tokenizer, self.teachers, recipe.synthetic, recipe.seed)
        counts = f"{len(prepared.queries)} queries, {len(prepared.documents)} documents"
        print(f"{counts}: {time.monotonic() - started:.0f} s", flush=True)
        return prepared

    def train(self, checkpoint: Checkpoint, prepared: Prepared, recipe: Recipe, output: Path) -> Path:
        """Train and save; return the folder of the better checkpoint, the last step's or the averaged one.

        `training.json` beside them says how they were made and with what result; `kept` is the recipe's `keep_every`.
        Only a group's first process saves and measures; the others are given `output`.
        """
        started = time.monotonic()
        keep = partial(_save, output / "kept")
        model, average = Trainer(prepared, self.teachers, recipe, self.device, self.group, keep).train(checkpoint)
        if not self.group.first:
            return output
        model.checkpoint().save(output)
        folders = [output]
        if average.steps:
            average.give(model)
            model.checkpoint().save(output / "averaged")
            folders.append(output / "averaged")
        rows = self._measure(folders, self.dev_sets(checkpoint))
        measures = {folder.name: measured for folder, measured in rows.items()}
        facts = {"recipe": asdict(recipe), "ndcg@10": measures, "seconds": time.monotonic() - started}
        (output / "training.json").write_text(json.dumps(facts | describe(model), indent=2) + "\n", encoding="utf-8")
        return max(rows, key=lambda folder: rows[folder].get("mean", {}).get("model", 0.0))

    def dev_sets(self, checkpoint: Checkpoint) -> list[tuple[DevSet, Tokens]]:
        """Read what is measured on, as a checkpoint's tokenizer spells it; a training may go without."""
        tokenizer = plain_tokenizer(checkpoint.tokenizer)
        try:
            return [(dev, Tokens.of(dev, tokenizer)) for dev in read_dev_sets(self.data, self.sample)]
        except FileNotFoundError:
            return []

    def _measure(
        self, folders: Sequence[Path], dev_sets: Sequence[tuple[DevSet, Tokens]]
    ) -> dict[Path, dict[str, dict[str, float]]]:
        """Rerank the dev sets by each checkpoint, and print the tables."""
        rows = {}
        for folder in folders:
            model = ListwiseReranker(Checkpoint.load(folder)).to(self.device).eval()
            teachers = self.teachers if folder is folders[0] else []
            rows[folder] = report(dev_sets, model, self.device, teachers)
            print(f"{folder}\n{table(rows[folder])}", flush=True)
        return rows


def _save(folder: Path, model: ListwiseReranker) -> None:
    model.checkpoint().save(folder)
