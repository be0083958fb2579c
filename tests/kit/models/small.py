"""Model folders that are small enough for a test of the code around a model."""

from pathlib import Path

from lastly_export.export import ExportOptions, export
from tests.kit.models.checkpoints import QWEN3, Shape, write_checkpoint

_ONE_LAYER = Shape(hidden=32, layers=1, heads=2, kv_heads=1, head_dim=16, mlp=32)


def one_layer_model(folder: Path) -> Path:
    """Export a random model of one narrow layer into `folder`; return the model's folder."""
    return exported(folder, _ONE_LAYER)


def exported(folder: Path, shape: Shape = QWEN3) -> Path:
    """Export a random checkpoint into `folder` without a parity report; return the model's folder."""
    export(write_checkpoint(folder / "checkpoint", shape), folder / "model", ExportOptions(parity=False))
    return folder / "model"
