"""Merges checkpoints: the mean of the weights of several steps of one training, or of several trainings.

`python -m lastly_training.model.merging CHECKPOINT CHECKPOINT -o FOLDER` merges trainings that went on from one
another, or from the same checkpoint: only such weights lie near enough to each other for their mean to be a model.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from lastly_training.model.checkpoint import Checkpoint


class Average:
    """The running mean of a model's trained weights."""

    def __init__(self, model: nn.Module) -> None:
        self.steps = 0
        self._mean = {name: torch.zeros_like(value) for name, value in _trained(model).items()}

    @torch.no_grad()
    def add(self, model: nn.Module) -> None:
        """Count the model's weights in."""
        self.steps += 1
        for name, value in _trained(model).items():
            self._mean[name].lerp_(value, 1 / self.steps)

    @torch.no_grad()
    def give(self, model: nn.Module) -> None:
        """Write the mean into the model."""
        for name, value in _trained(model).items():
            value.copy_(self._mean[name])


def _trained(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}


def merged(checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    """Return the mean of checkpoints; raises ValueError where they differ in shape or tokenizer."""
    first = checkpoints[0]
    if any(one.config != first.config or one.tokenizer != first.tokenizer for one in checkpoints):
        raise ValueError("checkpoints to merge must have the same config.json and tokenizer.json")
    names = first.tensors
    return replace(
        first, tensors={name: torch.stack([one.tensors[name] for one in checkpoints]).mean(0) for name in names}
    )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    merged([Checkpoint.load(folder) for folder in options.checkpoints]).save(options.output)


if __name__ == "__main__":
    main()
