"""Memory of running an exported graph, and of the export itself."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from lastly.model.folder import Dtype, GraphKind
from lastly_export.export import ExportOptions, export
from tests.kit.models.checkpoints import QWEN3, WIDE, Shape, write_checkpoint

ROOT = Path(__file__).parents[2]
LIMIT_8192 = 1.3e9  # at the 0.6B width in fp32


def activation_memory(folder: Path, shape: Shape, lengths: list[int], kind: GraphKind = "fused") -> dict[int, int]:
    """Peak bytes above the loaded model, for each length."""
    checkpoint = write_checkpoint(folder / "checkpoint", shape)
    export(checkpoint, folder / "model", ExportOptions(kind=kind, parity=False))
    command = [sys.executable, "-m", "tests.kit.models.memory_probe", str(folder / "model"), *map(str, lengths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=True)
    return {int(length): int(size) for length, size in (line.split() for line in done.stdout.splitlines())}


def test_activations_grow_linearly_to_16384_tokens(tmp_path: Path) -> None:
    found = activation_memory(tmp_path, WIDE, [8192, 16384])
    assert found[8192] <= LIMIT_8192
    assert found[16384] <= 2.2 * found[8192]


@pytest.mark.parametrize("kind", ["fused", "portable"])
def test_activations_do_not_grow_with_layers(tmp_path: Path, kind: GraphKind) -> None:
    """Unread outputs of attention stay until the end of a run unless something reads them."""
    shape = replace(QWEN3, hidden=128, heads=8, kv_heads=8, head_dim=64, mlp=128)
    few = activation_memory(tmp_path / "few", replace(shape, layers=3), [4096], kind)
    many = activation_memory(tmp_path / "many", replace(shape, layers=12), [4096], kind)
    assert many[4096] <= 1.2 * few[4096]


@pytest.mark.parametrize("dtype", ["fp32", "int8"])
def test_exporting_takes_less_than_twice_the_checkpoint(tmp_path: Path, dtype: Dtype) -> None:
    folder = write_checkpoint(tmp_path / "checkpoint", replace(WIDE, layers=8, vocabulary=60_000))
    _halve(folder)
    size = (folder / "model.safetensors").stat().st_size
    command = [sys.executable, "-c", _EXPORT, str(folder), str(tmp_path / "model"), dtype]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    assert int(done.stdout) <= 2 * size


_EXPORT = """
import sys
from pathlib import Path
from lastly_export.export import ExportOptions, export
from tests.kit.models.memory_probe import peak
export(Path(sys.argv[1]), Path(sys.argv[2]), ExportOptions(dtype=sys.argv[3], parity=False))
print(peak())
"""


def _halve(folder: Path) -> None:
    """Store the tensors in 16 bits, as published checkpoints are."""
    file = folder / "model.safetensors"
    save_file({name: tensor.astype(np.float16) for name, tensor in load_file(file).items()}, file)
