"""Trains a listwise reranker: the teacher's embeddings first, then its order of the lists together with the labels."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lastly_training.data.batches import Batch, Lists, stream
from lastly_training.data.drawing import Sampling
from lastly_training.data.prepared import Prepared
from lastly_training.loop.clock import Clock
from lastly_training.loop.objective import weighted_losses
from lastly_training.loop.parallel import Group
from lastly_training.loop.recipe import Recipe
from lastly_training.loop.taught import TeacherEnsemble
from lastly_training.model.adapters import Adapters
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.model.merging import Average
from lastly_training.model.reranker import ListwiseReranker
from lastly_training.teachers.teacher import Teacher

Keep = Callable[[ListwiseReranker], None]


def _keep_nothing(model: ListwiseReranker) -> None:
    pass


@dataclass(frozen=True)
class Trainer:
    """Trains rerankers on what was prepared, all of a group together; its first process prints every hundred steps.

    `keep` gets the model every `recipe.keep_every` steps.
    """

    prepared: Prepared
    teachers: Sequence[Teacher]
    recipe: Recipe
    device: str
    group: Group = field(default_factory=Group)
    keep: Keep = _keep_nothing

    def train(self, checkpoint: Checkpoint) -> tuple[ListwiseReranker, Average]:
        """Train as long as the recipe says; return the model and the mean of its last steps."""
        torch.manual_seed(self.recipe.seed)
        model = ListwiseReranker(checkpoint).to(self.device)
        adapters = Adapters.into(model, self.recipe.lora) if self.recipe.lora else None
        if self.recipe.compiled:
            model.compile_layers()
            for teacher in self.teachers:
                teacher.compile_layers()
        average = Average(model)
        self._run(model, average)
        if adapters:
            adapters.merge()
            average = Average(model)  # of the adapters, which are gone
        return model.eval(), average

    def _run(self, model: ListwiseReranker, average: Average) -> None:
        teachers = TeacherEnsemble.of(self.prepared, self.teachers, self.device) if self.teachers else None
        learner = self.group.joined(model)
        optimizer = torch.optim.AdamW(_paces(model), betas=(0.9, 0.98), weight_decay=0.01)
        clock, seen = Clock(self.recipe, teachers is not None, self.group, self.device), 0
        for readings in self._batches(model, clock):
            progress = clock.progress
            if progress >= 1:
                break
            for paced in optimizer.param_groups:
                paced["lr"] = paced["times"] * clock.learning_rate
            read = [batch.to(self.device) for batch in readings]
            taught = teachers(read[0]) if teachers else None
            parts = weighted_losses(learner, read, taught, self.recipe, clock.lists, self.device)
            _descend(optimizer, model, parts)
            clock.tick()
            seen += self.group.size * sum(batch.input_ids.numel() for batch in readings)
            if progress > 1 - self.recipe.averaged_share and clock.step % 10 == 0:
                average.add(model)
            self._report(model, clock, progress, seen, parts)

    def _report(
        self, model: ListwiseReranker, clock: Clock, progress: float, seen: int, parts: Mapping[str, Tensor]
    ) -> None:
        """Keep a copy and print a line, when it is time for either."""
        if not self.group.first:
            return
        if self.recipe.keep_every and clock.step % self.recipe.keep_every == 0:
            self.keep(model)
        if clock.step % 100 == 1:
            figures = " ".join(f"{name} {value.item():.4f}" for name, value in parts.items())
            print(f"{progress:5.1%} step {clock.step} tokens {seen / 1e6:.1f}M {figures}", flush=True)

    def _batches(self, model: ListwiseReranker, clock: Clock) -> Iterator[tuple[Batch, ...]]:
        """Short lists with many random documents first, then hard candidates, some of them long lists of long texts."""
        recipe = self.recipe
        seed, twice = 1000 * self.group.rank + 10 * recipe.seed, recipe.similarity > 0
        streams = [
            stream(Lists(self.prepared, model.template, sampling, recipe.tokens, seed + number, twice), recipe.workers)
            for number, sampling in enumerate(_samplings(recipe))
        ]
        for number in itertools.count():
            kind = 0 if not clock.lists or number % 8 == 0 else 2 if number % 8 == 4 else 1
            yield next(streams[kind])


def _samplings(recipe: Recipe) -> tuple[Sampling, Sampling, Sampling]:
    """Return how easy, hard and long lists are drawn."""
    largest, limit = recipe.largest, recipe.limit
    shares = {"labelled": recipe.labelled, "varied": recipe.varied}
    easy = Sampling(min(6, largest), min(16, largest), (limit // 4, limit // 2, limit), 0.5, **shares)
    limits = (limit // 4, limit // 2, limit, limit)
    hard = Sampling(min(8, largest), min(50, largest), limits, 0.15, **shares)
    long = Sampling(min(40, largest), largest, (limit,), 0.15, **shares)
    return easy, hard, long


def _descend(optimizer: torch.optim.Optimizer, model: ListwiseReranker, parts: Mapping[str, Tensor]) -> None:
    optimizer.zero_grad(set_to_none=True)
    torch.stack(list(parts.values())).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def _paces(model: ListwiseReranker) -> list[dict[str, object]]:
    """The new parts learn three times as fast as the backbone."""
    fresh = [*model.projector.parameters(), model.control]
    backbone = [parameter for parameter in model.backbone.parameters() if parameter.requires_grad]
    return [{"params": backbone, "times": 1.0}, {"params": fresh, "times": 3.0}]
