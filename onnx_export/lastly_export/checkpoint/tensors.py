"""The tensors of a checkpoint's safetensors files, each read by itself.

A file is opened anew for every read: the library maps it, and pages of a mapping that stays open would count as memory
of this process until the whole checkpoint were in it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from lastly_export.errors import CheckpointError

_DTYPES: Mapping[str, Any] = {"F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16}


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a file."""

    file: Path
    name: str
    shape: tuple[int, ...]
    dtype: npt.DTypeLike

    @property
    def size(self) -> int:
        """Its bytes."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize

    def rows(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Read rows `start` to `stop`, or to the last. Raises CheckpointError."""
        with _opened(self.file) as held:
            found: npt.NDArray[Any] = held.get_slice(self.name)[start : min(stop, self.shape[0])]
            return found


def stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    """Return the tensors of all the folder's files by name. Raises CheckpointError."""
    return {tensor.name: tensor for file in _shards(folder) for tensor in _tensors_of(file)}


def _shards(folder: Path) -> Sequence[Path]:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        files: Iterable[Path] = sorted(folder.glob("model*.safetensors"))
    else:
        try:
            names = set(json.loads(index.read_bytes())["weight_map"].values())
        except (ValueError, KeyError, AttributeError) as error:
            raise CheckpointError(f"{index} cannot be read: {error}") from error
        files = [folder / name for name in sorted(names)]
    missing = [file for file in files if not file.is_file()]
    if missing or not files:
        raise CheckpointError(
            f"{missing[0] if missing else folder / 'model.safetensors'} is missing; download it again"
        )
    return list(files)


def _tensors_of(file: Path) -> Iterator[StoredTensor]:
    with _opened(file) as held:
        for name in held.keys():  # noqa: SIM118  not a dictionary
            tensor = held.get_slice(name)
            kind = tensor.get_dtype()
            if kind not in _DTYPES:
                raise CheckpointError(f"{file}: {name} has type {kind}; supported are {', '.join(_DTYPES)}")
            yield StoredTensor(file, name, tuple(tensor.get_shape()), _DTYPES[kind])


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        with safe_open(file, framework="numpy") as held:
            yield held
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{file} is cut off or not a safetensors file ({error}); download it again") from error
