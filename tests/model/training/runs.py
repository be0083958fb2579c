"""What the tests of `lastly-train` start from, at toy size."""

from dataclasses import replace
from pathlib import Path

from tests.kit.models.checkpoints import Shape, write_checkpoint

TOY = ["--tokens", "1024", "--largest", "8", "--limit", "48", "--workers", "0", "--sample", "8", "--synthetic", "1"]

SHAPE = ["--projector", "48", "32"]

WORDS = 24  # of a document


def backbone_folder(folder: Path, shape: Shape) -> str:
    """A random language model with a tokenizer, as a user's folder would hold a trained one."""
    write_checkpoint(folder, replace(shape, overrides={"architectures": None}))
    return str(folder)
