"""Trains a listwise reranker: the teacher's embeddings first, then its order of the lists together with the labels.

The learning rate follows the time that has passed, so that a lent machine's time is used to the end.
"""

import itertools
import math
import time
from collections.abc import Callable, Iterator

import torch

from training.adapters import Adapters
from training.batches import Batch, Lists, Sampling, stream
from training.checkpoint import Checkpoint
from training.merging import Average
from training.model import ListwiseReranker
from training.objective import Taught, weighted_losses
from training.parallel import Group
from training.prepared import Prepared
from training.recipe import Recipe

Keep = Callable[[ListwiseReranker], None]


def train(
    checkpoint: Checkpoint, prepared: Prepared, recipe: Recipe, device: str, group: Group, keep: Keep
) -> tuple[ListwiseReranker, Average]:
    """Train as long as the recipe says, all of a group together; the first prints a line every hundred steps.

    `keep` gets the model every `recipe.keep_every` steps.
    Gives the model and the mean of its last steps.
    """
    torch.manual_seed(recipe.seed)
    model = ListwiseReranker(checkpoint).to(device)
    adapters = Adapters.into(model, recipe.lora) if recipe.lora else None
    group.align(model.parameters())
    if recipe.compiled:
        model.compile_layers()
    average = Average(model)
    _steps(model, prepared, recipe, device, group, average, keep)
    if adapters:
        adapters.merge()
        average = Average(model)  # of the adapters, which are gone
    return model.eval(), average


class Clock:
    """How much of a training is over, by time or by steps: `progress` goes from 0 to 1 and more."""

    def __init__(self, recipe: Recipe, group: Group, device: str) -> None:
        self._recipe, self._group, self._device = recipe, group, device
        self._started = time.monotonic()
        self.step = 0
        self.progress = 0.0

    def tick(self) -> None:
        """Count a step."""
        self.step += 1
        if self._recipe.steps:
            self.progress = self.step / self._recipe.steps
        else:
            passed = (time.monotonic() - self._started) / (60 * self._recipe.minutes)
            self.progress = self._group.same(passed, self._device)


def _steps(
    model: ListwiseReranker,
    prepared: Prepared,
    recipe: Recipe,
    device: str,
    group: Group,
    average: Average,
    keep: Keep,
) -> None:
    taught = Taught.of(prepared, device)
    optimizer = torch.optim.AdamW(_paces(model, recipe), betas=(0.9, 0.98), weight_decay=0.01)
    clock, seen = Clock(recipe, group, device), 0
    for readings in _batches(model, prepared, recipe, clock, group.rank):
        progress = clock.progress
        if progress >= 1:
            break
        for pace in optimizer.param_groups:
            pace["lr"] = pace["base"] * _schedule(progress, clock.step)
        parts = weighted_losses(model, [batch.to(device) for batch in readings], taught, recipe, progress, device)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        group.average_gradients(model.parameters())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        clock.tick()
        seen += group.size * sum(batch.input_ids.numel() for batch in readings)
        if progress > 1 - recipe.averaged_share and clock.step % 10 == 0:
            average.add(model)
        if group.first and recipe.keep_every and clock.step % recipe.keep_every == 0:
            keep(model)
        if group.first and clock.step % 100 == 1:
            figures = " ".join(f"{name} {value.item():.4f}" for name, value in parts.items())
            print(f"{progress:5.1%} step {clock.step} tokens {seen / 1e6:.1f}M {figures}", flush=True)


def _batches(
    model: ListwiseReranker, prepared: Prepared, recipe: Recipe, clock: Clock, rank: int
) -> Iterator[tuple[Batch, ...]]:
    """Short lists with many random documents first, then hard candidates, some of them long lists of long texts."""
    largest, limit = recipe.largest, recipe.limit
    easy = Sampling(min(6, largest), min(16, largest), (limit // 4, limit // 2), 0.5, recipe.labelled)
    limits = (limit // 4, limit // 2, limit, limit)
    hard = Sampling(min(8, largest), min(50, largest), limits, 0.15, recipe.labelled)
    long = Sampling(min(40, largest), largest, (limit,), 0.15, recipe.labelled)
    seed, twice = 1000 * rank + 10 * recipe.seed, recipe.similarity > 0
    streams = [
        stream(Lists(prepared, model.template, sampling, recipe.tokens, seed + number, twice), recipe.workers)
        for number, sampling in enumerate((easy, hard, long))
    ]
    for number in itertools.count():
        kind = 0 if clock.progress < recipe.warm_share or number % 8 == 0 else 2 if number % 8 == 4 else 1
        yield next(streams[kind])


def _paces(model: ListwiseReranker, recipe: Recipe) -> list[dict[str, object]]:
    """The new parts learn three times as fast as the backbone."""
    fresh = [*model.projector.parameters(), model.control]
    backbone = [parameter for parameter in model.backbone.parameters() if parameter.requires_grad]
    return [
        {"params": backbone, "lr": 0.0, "base": recipe.learning_rate},
        {"params": fresh, "lr": 0.0, "base": 3 * recipe.learning_rate},
    ]


def _schedule(progress: float, step: int) -> float:
    return min(1.0, (step + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))
