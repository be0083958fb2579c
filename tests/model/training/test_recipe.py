"""How lastly-mini was made, at toy size: texts that a language model writes, and every change of the recipe."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lastly_training.loop.train import Trainer
from lastly_training.mini import ablations
from lastly_training.mini.written import Writer, written
from lastly_training.model.checkpoint import Checkpoint
from tests.kit.models.checkpoints import LLAMA, QWEN3
from tests.model.training.runs import SHAPE, TOY, backbone_folder


def test_a_language_model_writes_texts_and_asks_about_them(tmp_path: Path) -> None:
    backbone = backbone_folder(tmp_path / "backbone", LLAMA)
    writer, prompts = Writer(backbone, "cpu", 3, seed=0), ["copy a file", "a"]
    cold = 1e-3  # as good as the likeliest token always
    alone = [writer.go_on([prompt], 8, cold)[0] for prompt in prompts]
    assert alone[0] != alone[1]
    assert writer.go_on(prompts, 8, cold) == alone  # padding on the left changes nothing
    asked = writer.questions(["copy a file", "open a socket"])
    assert len(asked) == 2
    assert all(not one or one.endswith("?") for one in asked)
    found = list(written(writer, ["a file", "a socket"], time.monotonic() + 0.2))
    assert all(text.text.endswith((".", "!", "?")) for text in found)


def test_every_change_of_the_recipe_is_trained_and_measured_once(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A call that was cut off goes on, one change that fails doesn't stop the others, and another recipe is new."""
    flags = [
        str(data),
        "-o",
        str(tmp_path / "out"),
        "--backbone",
        backbone_folder(tmp_path / "backbone", QWEN3),
        *TOY,
        *SHAPE,
    ]
    trained = []

    class Counted(Trainer):
        def train(self, checkpoint: Checkpoint) -> Any:
            trained.append((self.recipe.steps, self.recipe.info_nce, self.recipe.seed))
            if self.recipe.tokens == 1:
                raise RuntimeError("out of memory")
            return super().train(checkpoint)

    monkeypatch.setattr("lastly_training.mini.ablations.Trainer", Counted)
    ablations.main([*flags, "--steps", "3", "--changes", "", "--tokens 1", "--info-nce 0"])
    assert trained == [(3, 0.3, 0), (3, 0.3, 0), (3, 0.0, 0)]
    printed = capsys.readouterr()
    assert "| `--info-nce 0` |" in printed.out
    assert "--tokens 1: out of memory" in printed.err
    rows = json.loads((tmp_path / "out" / "ablations.json").read_text())
    assert list(rows) == ["", "--info-nce 0"]
    assert all(set(row[weights]) == {"python", "mean"} for row in rows.values() for weights in ("last", "averaged"))
    ablations.main([*flags, "--steps", "3", "--changes", "", "--seed 1"])
    ablations.main([*flags, "--steps", "4", "--changes", ""])
    assert trained[3:] == [(3, 0.3, 1), (4, 0.3, 0)]
