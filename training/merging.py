"""Merges checkpoints: the mean of the weights of several steps of one training."""

import torch
from torch import nn


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
