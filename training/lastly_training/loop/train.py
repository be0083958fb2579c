"""Trains a listwise reranker: the teacher's embeddings first, then its order of the lists together with the labels."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import torch

from lastly_training.data.batches import Batch, Lists, stream
from lastly_training.data.drawing import Sampling
from lastly_training.data.prepared import Prepared
from lastly_training.loop.clock import Clock
from lastly_training.loop.objective import weighted_losses
from lastly_training.loop.parallel import Group
from lastly_training.loop.recipe import Recipe
from lastly_training.loop.taught import Jury
from lastly_training.model.adapters import Adapters
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.model.merging import Average
from lastly_training.model.reranker import ListwiseReranker
from lastly_training.teachers.teacher import Teacher

Keep = Callable[[ListwiseReranker], None]


def train(
    checkpoint: Checkpoint,
    prepared: Prepared,
    teachers: Sequence[Teacher],
    recipe: Recipe,
    device: str,
    group: Group,
    keep: Keep,
) -> tuple[ListwiseReranker, Average]:
    """Train as long as the recipe says, all of a group together; the first prints a line every hundred steps.

    `keep` gets the model every `recipe.keep_every` steps.
    Gives the model and the mean of its last steps.
    """
    torch.manual_seed(recipe.seed)
    model = ListwiseReranker(checkpoint).to(device)
    adapters = Adapters.into(model, recipe.lora) if recipe.lora else None
    if recipe.compiled:
        model.compile_layers()
        for teacher in teachers:
            teacher.compile_layers()
    average = Average(model)
    jury = Jury.of(prepared, teachers, device) if teachers else None
    _steps(model, prepared, jury, recipe, device, group, average, keep)
    if adapters:
        adapters.merge()
        average = Average(model)  # of the adapters, which are gone
    return model.eval(), average


def _steps(
    model: ListwiseReranker,
    prepared: Prepared,
    jury: Jury | None,
    recipe: Recipe,
    device: str,
    group: Group,
    average: Average,
    keep: Keep,
) -> None:
    learner = group.joined(model)
    optimizer = torch.optim.AdamW(_paces(model), betas=(0.9, 0.98), weight_decay=0.01)
    clock, seen = Clock(recipe, jury is not None, group, device), 0
    for readings in _batches(model, prepared, recipe, clock, group.rank):
        progress = clock.progress
        if progress >= 1:
            break
        for paced in optimizer.param_groups:
            paced["lr"] = paced["times"] * clock.learning_rate
        read = [batch.to(device) for batch in readings]
        taught = jury(read[0]) if jury else None
        parts = weighted_losses(learner, read, taught, recipe, clock.lists, device)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
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
    shares = {"labelled": recipe.labelled, "varied": recipe.varied}
    easy = Sampling(min(6, largest), min(16, largest), (limit // 4, limit // 2, limit), 0.5, **shares)
    limits = (limit // 4, limit // 2, limit, limit)
    hard = Sampling(min(8, largest), min(50, largest), limits, 0.15, **shares)
    long = Sampling(min(40, largest), largest, (limit,), 0.15, **shares)
    seed, twice = 1000 * rank + 10 * recipe.seed, recipe.similarity > 0
    streams = [
        stream(Lists(prepared, model.template, sampling, recipe.tokens, seed + number, twice), recipe.workers)
        for number, sampling in enumerate((easy, hard, long))
    ]
    for number in itertools.count():
        kind = 0 if not clock.lists or number % 8 == 0 else 2 if number % 8 == 4 else 1
        yield next(streams[kind])


def _paces(model: ListwiseReranker) -> list[dict[str, object]]:
    """The new parts learn three times as fast as the backbone."""
    fresh = [*model.projector.parameters(), model.control]
    backbone = [parameter for parameter in model.backbone.parameters() if parameter.requires_grad]
    return [{"params": backbone, "times": 1.0}, {"params": fresh, "times": 3.0}]
