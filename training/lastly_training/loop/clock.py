"""How far a training is, and how fast it learns there."""

import math
import time

from lastly_training.loop.parallel import Group
from lastly_training.loop.recipe import Recipe

_RISING = 200  # steps
_AGREED = 10  # steps after which a group's processes agree on the time again: each time waits for the GPU


class Clock:
    """Counts a training's time, or its steps; `progress` goes from 0 to 1 and more.

    With a teacher there are two stages: its embeddings alone, then lists too.
    """

    def __init__(self, recipe: Recipe, taught: bool, group: Group, device: str) -> None:
        self._recipe, self._group, self._device = recipe, group, device
        self._lists_from = recipe.embeddings_share if taught else 0.0
        self._started = time.monotonic()
        self._stage_began = 0
        self.step = 0
        self.progress = 0.0

    def tick(self) -> None:
        """Count a step."""
        before = self.lists
        self.step += 1
        if self._recipe.steps:
            self.progress = self.step / self._recipe.steps
        elif self._group.size == 1 or self.step % _AGREED == 0:
            passed = (time.monotonic() - self._started) / (60 * self._recipe.minutes)
            self.progress = self._group.same(passed, self._device)
        if self.lists != before:
            self._stage_began = self.step

    @property
    def lists(self) -> bool:
        """Return whether lists count already."""
        return self.progress >= self._lists_from

    @property
    def learning_rate(self) -> float:
        """Return the backbone's: in each stage it rises for some steps, then falls by half a cosine to a fiftieth."""
        peak, begin, end = self._recipe.embeddings_learning_rate, 0.0, self._lists_from
        if self.lists:
            peak, begin, end = self._recipe.learning_rate, self._lists_from, 1.0
        passed = min((self.progress - begin) / max(end - begin, 1e-9), 1.0)
        rising = min(1.0, (self.step - self._stage_began + 1) / _RISING)
        return peak * rising * (0.02 + 0.49 * (1 + math.cos(math.pi * passed)))
