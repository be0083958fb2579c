"""What a training does, as one object whose fields are flags of the command line."""

import argparse
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """What a training does; weights of 0 leave a loss out."""

    minutes: float = 8.0
    steps: int = 0  # instead of minutes, where it is not 0
    embeddings_share: float = 0.45  # of the time, where there is a teacher: its embeddings alone, in short lists
    embeddings_learning_rate: float = 1.4e-3
    learning_rate: float = 6e-4  # once lists count
    tokens: int = 65_536  # of the lists that share a step
    largest: int = 64  # documents of a list
    limit: int = 256  # tokens of a document
    temperature: float = 0.05
    teacher_temperature: float = 0.05
    bm25_weight: float = 0.2
    label_weight: float = 0.5
    distill_embeddings: float = 3.0
    synthetic_label_weight: float = 0.2
    info_nce: float = 0.3
    dispersion: float = 0.05
    dual: float = 0.0
    similarity: float = 0.0
    labelled: float = 0.45
    synthetic: int = 2
    varied: float = 0.5  # of the documents and of the queries without labels: changed anew each time
    averaged_share: float = 0.15  # of the time, at its end: the weights of these steps are averaged
    lora: int = 0  # rank of the adapters that are trained instead of the backbone; 0 trains all of it
    keep_every: int = 0  # steps between copies of the weights, which a training that was cut off goes on from
    workers: int = 4
    compiled: bool = False
    seed: int = 0

    @classmethod
    def add_flags(cls, parser: argparse.ArgumentParser) -> None:
        """Add a flag for every field."""
        group = parser.add_argument_group("recipe", "what training/lastly_training/loop/recipe.py explains")
        for field in fields(cls):
            kind: dict[str, Any] = {"type": type(field.default)}
            if isinstance(field.default, bool):
                kind = {"action": argparse.BooleanOptionalAction}
            group.add_argument(f"--{field.name.replace('_', '-')}", default=field.default, help="(%(default)s)", **kind)

    @classmethod
    def of_flags(cls, arguments: argparse.Namespace) -> "Recipe":
        """Read the fields back."""
        return cls(**{field.name: getattr(arguments, field.name) for field in fields(cls)})
