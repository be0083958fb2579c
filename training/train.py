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
from training.prepared import Prepared
from training.recipe import Recipe

Keep = Callable[[ListwiseReranker], None]


def train(
    checkpoint: Checkpoint, prepared: Prepared, recipe: Recipe, device: str, keep: Keep
) -> tuple[ListwiseReranker, Average]:
    """Train as long as the recipe says; prints a line every hundred steps.

    `keep` gets the model every `recipe.keep_every` steps, but with LoRA, whose adapters are merged at the end.
    Gives the model and the mean of its last steps.
    """
    torch.manual_seed(recipe.seed)
    model = ListwiseReranker(checkpoint).to(device)
    adapters = Adapters.into(model, recipe.lora) if recipe.lora else None
    if recipe.compiled:
        model.compile_layers()
    average = Average(model)
    _steps(model, prepared, recipe, device, average, None if adapters else keep)
    if adapters:
        adapters.merge()
        average = Average(model)  # of the adapters, which are gone
    return model.eval(), average


class Clock:
    """How much of a training is over, by time or by steps."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._started = time.monotonic()
        self.step = 0

    @property
    def progress(self) -> float:
        """From 0 to 1 and more."""
        if self._recipe.steps:
            return self.step / self._recipe.steps
        return (time.monotonic() - self._started) / (60 * self._recipe.minutes)


def _steps(
    model: ListwiseReranker, prepared: Prepared, recipe: Recipe, device: str, average: Average, keep: Keep | None
) -> None:
    taught = Taught.of(prepared, device)
    groups = _groups(model, recipe)
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.01)
    clock, seen = Clock(recipe), 0
    for readings in _batches(model, prepared, recipe, clock):
        progress = clock.progress
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * _schedule(progress, clock.step)
        parts = weighted_losses(model, [batch.to(device) for batch in readings], taught, recipe, progress, device)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        clock.step, seen = clock.step + 1, seen + sum(batch.input_ids.numel() for batch in readings)
        if progress > 1 - recipe.averaged_share and clock.step % 10 == 0:
            average.add(model)
        if keep and recipe.keep_every and clock.step % recipe.keep_every == 0:
            keep(model)
        if clock.step % 100 == 1:
            figures = " ".join(f"{name} {value.item():.4f}" for name, value in parts.items())
            print(f"{progress:5.1%} step {clock.step} tokens {seen / 1e6:.1f}M {figures}", flush=True)


def _batches(model: ListwiseReranker, prepared: Prepared, recipe: Recipe, clock: Clock) -> Iterator[tuple[Batch, ...]]:
    """Short lists with many random documents first, then hard candidates, some of them long lists of long texts."""
    largest, limit = recipe.largest, recipe.limit
    easy = Sampling(min(6, largest), min(16, largest), (limit // 4, limit // 2), 0.5, recipe.labelled)
    limits = (limit // 4, limit // 2, limit, limit)
    hard = Sampling(min(8, largest), min(50, largest), limits, 0.15, recipe.labelled)
    long = Sampling(min(40, largest), largest, (limit,), 0.15, recipe.labelled)
    streams = [
        stream(
            Lists(prepared, model.template, sampling, recipe.tokens, 10 * recipe.seed + number, recipe.similarity > 0),
            recipe.workers,
        )
        for number, sampling in enumerate((easy, hard, long))
    ]
    for number in itertools.count():
        kind = 0 if clock.progress < recipe.warm_share or number % 8 == 0 else 2 if number % 8 == 4 else 1
        yield next(streams[kind])


def _groups(model: ListwiseReranker, recipe: Recipe) -> list[dict[str, object]]:
    """The new parts learn five times as fast as the backbone."""
    fresh = [*model.projector.parameters(), model.control]
    backbone = [parameter for parameter in model.backbone.parameters() if parameter.requires_grad]
    return [
        {"params": backbone, "lr": 0.0, "base": recipe.learning_rate},
        {"params": fresh, "lr": 0.0, "base": 3 * recipe.learning_rate},
    ]


def _schedule(progress: float, step: int) -> float:
    return min(1.0, (step + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))
