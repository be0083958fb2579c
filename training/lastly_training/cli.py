"""`lastly-train DATA --backbone BACKBONE -o FOLDER`: a listwise reranker of one's own, as a model folder."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from lastly.errors import LastlyError
from lastly.model.folder import DTYPES
from lastly_export.errors import ExportError
from lastly_export.export import ExportOptions, export
from lastly_training.loop.centring import centred
from lastly_training.loop.parallel import Group
from lastly_training.loop.recipe import Recipe
from lastly_training.loop.run import Run
from lastly_training.model.backbone import SHAPE_FLAGS, Shape, start
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.teachers.teacher import named_teacher


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    found = argparse.ArgumentParser(prog="lastly-train", description=__doc__.split("\n")[0])
    found.add_argument("data", type=Path, help="folder of folders in BEIR's layout, with qrels.train (and qrels.dev)")
    found.add_argument(
        "-o", "--output", type=Path, required=True, help="folder of all steps; its `model` is the result"
    )
    begin = found.add_mutually_exclusive_group(required=True)
    begin.add_argument("--backbone", help="a Llama or Qwen3: folder, hub id, GGUF file of SmolLM2")
    begin.add_argument("--checkpoint", type=Path, help="go on from this checkpoint of an earlier training instead")
    found.add_argument("--name", default="my-reranker", help="the model's name (%(default)s)")
    found.add_argument("--licence", help="the model's licence, as the backbone's and the data's allow")
    found.add_argument(
        "--teacher",
        nargs="+",
        default=[],
        help="folders of sentence-embedding models of BERT's kind, or `minilm`; several are joined (none)",
    )
    found.add_argument("--prepared", type=Path, help="file that keeps what is prepared from the data for other runs")
    found.add_argument("--sample", type=int, help="evaluate at most so many queries a dev set (all)")
    found.add_argument("--dtype", choices=DTYPES, default="int8", help="number type of the model folder (%(default)s)")
    Shape.add_flags(found)
    Recipe.add_flags(found)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    flags = parser()
    options = flags.parse_args(arguments)
    _check(flags, options)
    torch.multiprocessing.set_sharing_strategy("file_system")  # the workers' batches need more files than are allowed
    group = Group.join()
    try:
        folder = _train(options, group)
    except (ValueError, OSError, LastlyError, ExportError) as error:
        print(f"lastly-train: {error}", file=sys.stderr)
        return 1
    finally:
        group.leave()
    if group.first:
        print(f"{folder} is ready: lastly serve --model-path {folder}")
    return 0


def _check(flags: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse flags that would be ignored: a checkpoint has its shape, and adapters can't be kept on the way."""
    shaped = [name for name in ("name", *SHAPE_FLAGS) if getattr(options, name) != flags.get_default(name)]
    if options.checkpoint and shaped:
        flags.error(f"--{shaped[0]} shapes a backbone; a --checkpoint has its shape already")
    if options.lora and options.keep_every:
        flags.error("--keep-every needs whole weights, and --lora merges its adapters at the end only")


def started(options: argparse.Namespace, seed: int) -> Checkpoint:
    """Put the backbone into its shape, or load the checkpoint to go on from."""
    if options.checkpoint:
        return Checkpoint.load(options.checkpoint)
    return start(options.backbone, Shape.of_flags(options), options.name, seed)


def _train(options: argparse.Namespace, group: Group) -> Path:
    recipe = Recipe.of_flags(options)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    run = Run(options.data, [named_teacher(name, device) for name in options.teacher], device, options.sample, group)
    checkpoint = started(options, recipe.seed)
    if options.backbone and group.first:
        checkpoint.save(options.output / "start")
    prepared = run.prepare(checkpoint, recipe, options.prepared)
    if options.backbone:
        checkpoint = centred(checkpoint, prepared, recipe, device)
    best = run.train(checkpoint, prepared, recipe, options.output / "checkpoint")
    folder: Path = options.output / "model"
    if group.first:
        export(best, folder, ExportOptions(dtype=options.dtype, licence=options.licence, overwrite=True))
    return folder


if __name__ == "__main__":
    sys.exit(main())
