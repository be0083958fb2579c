"""`lastly-export CHECKPOINT -o FOLDER`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from lastly.errors import LastlyError
from lastly.model.folder import DTYPES, GraphKind, Manifest
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.checkpoint.hub import open_checkpoint
from lastly_export.errors import ExportError
from lastly_export.export import ExportOptions, export, steps
from lastly_export.parity.report import THRESHOLDS


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    found = argparse.ArgumentParser(prog="lastly-export", description="Turn a checkpoint into a model folder.")
    found.add_argument("checkpoint", help="a folder, or a hub id such as jinaai/jina-reranker-v3 (CC BY-NC 4.0)")
    found.add_argument("-o", "--output", type=Path, required=True, help="the model folder to write")
    found.add_argument("--dtype", choices=DTYPES, default="fp32", help="number type of the weights (fp32)")
    found.add_argument("--portable", action="store_true", help="standard ONNX operators only, for other runtimes")
    found.add_argument(
        "--cuda", action="store_true", help="kernels that only a CUDA GPU has (fp16, bf16); bf16 implies it"
    )
    found.add_argument(
        "--cuda-operators", action="store_true", help="--cuda with Lastly's own operators, the fastest (docs/models.md)"
    )
    found.add_argument(
        "--parity-threshold",
        type=float,
        help="largest score difference from the reference ("
        + ", ".join(f"{dtype} {value:g}" for dtype, value in THRESHOLDS.items())
        + ")",
    )
    found.add_argument("--skip-parity", action="store_true", help="do not compare with the reference")
    found.add_argument("--name", help="the model's name (the checkpoint's)")
    found.add_argument("--licence", help="the model's licence (the checkpoint's)")
    found.add_argument("--revision", help="branch, tag or commit on the hub")
    found.add_argument("--overwrite", action="store_true", help="replace an older model folder")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    given = parser().parse_args(arguments)
    options = ExportOptions(
        dtype=given.dtype,
        kind=_kind(given),
        threshold=given.parity_threshold,
        parity=not given.skip_parity,
        name=given.name,
        licence=given.licence,
        overwrite=given.overwrite,
    )
    console = Console(stderr=True)
    try:
        manifest = _export(open_checkpoint(given.checkpoint, given.revision), given.output, options, console)
    except (ExportError, LastlyError) as error:
        console.print(f"lastly-export: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    _report(manifest, given.output)
    return 0


def _kind(given: argparse.Namespace) -> GraphKind:
    if given.portable:
        return "portable"
    if given.cuda_operators:
        return "cuda-operators"
    return "cuda" if given.cuda or given.dtype == "bf16" else "fused"


def _export(checkpoint: Checkpoint, output: Path, options: ExportOptions, console: Console) -> Manifest:
    columns = TextColumn("{task.description:>12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("start", total=steps(checkpoint, options))
        folder = export(checkpoint, output, options, lambda part: progress.update(task, advance=1, description=part))
    return folder.manifest


def _report(manifest: Manifest, output: Path) -> None:
    table = Table("figure", "value", title=f"{output}: {manifest.name}, {manifest.dtype}, licence {manifest.licence}")
    for name, value in (manifest.parity or {"parity": "not measured"}).items():
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
