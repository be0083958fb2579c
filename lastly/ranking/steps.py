"""Work in short steps, between which whoever does it may turn to something else, or give it up."""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work that pauses after each step, for at most some 20 ms of a step, and returns its result at the end."""


def finish(steps: Steps[T]) -> T:
    """Do all steps at once; return the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
