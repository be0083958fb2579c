"""From a checkpoint to a finished model folder, or to nothing at all."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lastly.model.folder import CUDA_KINDS, MANIFEST, Dtype, Graph, GraphKind, Manifest, ModelFolder, sha256
from lastly_export.card import model_card
from lastly_export.checkpoint.description import describe
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.errors import ExportError
from lastly_export.graph.write import INPUTS, OUTPUTS, Step, write_graph
from lastly_export.parity.measure import measure
from lastly_export.parity.report import THRESHOLDS

_GRAPH = "model.onnx"


@dataclass(frozen=True)
class ExportOptions:
    """`threshold`: the largest score difference allowed, None for the type's own; `parity`: measure it at all."""

    dtype: Dtype = "fp32"
    kind: GraphKind = "fused"
    threshold: float | None = None
    parity: bool = True
    name: str | None = None
    licence: str | None = None
    overwrite: bool = False


def steps(checkpoint: Checkpoint, options: ExportOptions) -> int:
    """Return how often `export` will call its `step`."""
    return checkpoint.architecture.layers + 1 + (2 if options.parity else 0) + 1


def export(
    checkpoint: Checkpoint | Path, output: Path, options: ExportOptions | None = None, step: Step = lambda _: None
) -> ModelFolder:
    """Write the model folder `output`; `step` is called with the name of each part once it is done.

    Everything is written to a neighbouring folder that is renamed at the end, so that a failed export leaves nothing.
    Raises ExportError.
    """
    _check_kind(options or ExportOptions())
    checkpoint = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)
    options = options or ExportOptions()
    _check_output(output, options)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as temporary:
        folder = Path(temporary) / output.name
        folder.mkdir()
        _write(checkpoint, folder, options, step)
        _move(folder, output, Path(temporary))
    step("done")
    return ModelFolder(output, Manifest.model_validate_json((output / MANIFEST).read_bytes()))


def _write(checkpoint: Checkpoint, folder: Path, options: ExportOptions, step: Step) -> None:
    manifest = _manifest(checkpoint, options)  # before the long part, so that a bad description fails at once
    shutil.copyfile(checkpoint.folder / "tokenizer.json", folder / "tokenizer.json")
    write_graph(checkpoint, folder / _GRAPH, options.dtype, options.kind, step)
    if options.parity:
        measured = measure(checkpoint, ModelFolder(folder, manifest), step)
        measured.report.check(THRESHOLDS[options.dtype] if options.threshold is None else options.threshold)
        update = {"parity": measured.report.as_manifest(), "known_answer": measured.known_answer}
        manifest = manifest.model_copy(update=update)
    (folder / "README.md").write_text(model_card(manifest), encoding="utf-8")
    files = {file.name: sha256(file) for file in sorted(folder.iterdir())}
    manifest = manifest.model_copy(update={"files": files})
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _manifest(checkpoint: Checkpoint, options: ExportOptions) -> Manifest:
    description = describe(checkpoint, options.name, options.licence)
    return Manifest(
        **dict(description),
        source=checkpoint.source,
        revision=checkpoint.revision,
        architecture=checkpoint.architecture.kind,
        maximum_positions=checkpoint.architecture.maximum_positions,
        embedding_width=checkpoint.projector_widths[1],
        vocabulary_size=checkpoint.architecture.vocabulary,
        dtype=options.dtype,
        graph=Graph(file=_GRAPH, kind=options.kind, inputs=INPUTS[options.kind], outputs=OUTPUTS),
        files={},
    )


def _check_kind(options: ExportOptions) -> None:
    if options.kind in CUDA_KINDS and options.dtype not in ("fp16", "bf16"):
        raise ExportError(f"the graph for CUDA is fp16 or bf16, not {options.dtype}; its attention knows no other type")


def _check_output(output: Path, options: ExportOptions) -> None:
    if not output.exists():
        return
    if not output.is_dir():
        raise ExportError(f"{output} exists and is not a folder")
    if any(output.iterdir()) and not (options.overwrite and (output / MANIFEST).is_file()):
        raise ExportError(f"{output} is not empty; choose another folder, or --overwrite an older model folder")


def _move(folder: Path, output: Path, temporary: Path) -> None:
    if output.exists():
        output.rename(temporary / "old")
    folder.rename(output)
