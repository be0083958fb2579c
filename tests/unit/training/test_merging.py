"""Averages of weights."""

from pathlib import Path

import pytest
import torch

from lastly_training.model import merging
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.model.merging import Average


def test_the_average_of_two_steps_lies_between_them() -> None:
    model = torch.nn.Linear(2, 1, bias=False)
    average = Average(model)
    for value in (1.0, 3.0):
        torch.nn.init.constant_(model.weight, value)
        average.add(model)
    average.give(model)
    assert model.weight.tolist() == [[2.0, 2.0]]


def test_merged_checkpoints_lie_between_and_must_be_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("a", 1.0), ("b", 3.0)):
        tensors = {"w": torch.full((2,), value)}
        Checkpoint({"max_position_embeddings": 8}, tensors, {"model": {}}, {"name": "m"}).save(tmp_path / name)
    monkeypatch.setattr("sys.argv", ["merging", *(str(tmp_path / name) for name in "ab"), "-o", str(tmp_path / "c")])
    merging.main()
    between = Checkpoint.load(tmp_path / "c")
    assert between.tensors["w"].tolist() == [2.0, 2.0]
    assert between.prompt == {"name": "m"}
    with pytest.raises(ValueError, match="same config"):
        merging.merged([between, Checkpoint({"other": 1}, between.tensors, between.tokenizer, between.prompt)])
