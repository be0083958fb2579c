"""A checkpoint folder in the published layout, read tensor by tensor so that memory holds one tensor at a time."""

import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

from lastly_export.checkpoint.architecture import Architecture, read_architecture
from lastly_export.errors import CheckpointError

_DTYPES: Mapping[str, Any] = {"F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16}
_HEADER_LIMIT = 100 << 20  # the format's own limit


@dataclass(frozen=True)
class _Entry:
    file: Path
    start: int
    shape: tuple[int, ...]
    dtype: Any


class Checkpoint:
    """`model.*` and `projector.*` tensors of a folder, with the backbone's shape.

    Opening checks every tensor's presence, shape and type against config.json, so that a broken download fails
    at once and by name.
    """

    def __init__(self, folder: Path, name: str | None = None, revision: str = "") -> None:
        if not folder.is_dir():
            raise CheckpointError(f"{folder} is not a folder")
        self.folder = folder
        self.source = name or folder.resolve().name
        self.revision = revision
        self.architecture, self.config = read_architecture(folder)
        self._entries = _index(folder)
        self._check()

    @property
    def size(self) -> int:
        """Bytes of the tensors that the graph uses."""
        return sum(_bytes(self._entries[name]) for name in self._expected())

    @property
    def dtype(self) -> str:
        """The type of the embedding table, as numpy names it."""
        return str(np.dtype(self._entries["model.embed_tokens.weight"].dtype))

    @property
    def projector_widths(self) -> tuple[int, int]:
        """The widths of the projector's two layers."""
        return self._entries["projector.0.weight"].shape[0], self._entries["projector.2.weight"].shape[0]

    def tensor(self, name: str) -> npt.NDArray[Any]:
        """Read one tensor in its stored type."""
        return self.rows(name, 0, self._entries[name].shape[0])

    def rows(self, name: str, start: int, stop: int) -> npt.NDArray[Any]:
        """Read rows `start` to `stop` of one tensor."""
        entry = self._entries[name]
        row = _bytes(entry) // max(entry.shape[0], 1)
        array = np.empty((min(stop, entry.shape[0]) - start, *entry.shape[1:]), entry.dtype)
        with entry.file.open("rb") as file:
            file.seek(entry.start + start * row)
            if file.readinto(array.view(np.uint8).reshape(-1).data) != array.nbytes:
                raise CheckpointError(f"{entry.file} ends inside {name}; download it again")
        return array

    def _expected(self) -> dict[str, tuple[int, ...]]:
        shapes = backbone_shapes(self.architecture)
        first = self._shape("projector.0.weight")
        last = self._shape("projector.2.weight")
        return shapes | {
            "projector.0.weight": (first[0], self.architecture.hidden),
            "projector.2.weight": (last[0], first[0]),
        }

    def _shape(self, name: str) -> tuple[int, ...]:
        if name not in self._entries:
            raise CheckpointError(f"{self.folder} holds no tensor {name}; is it a jina-reranker-v3 style checkpoint?")
        return self._entries[name].shape

    def _check(self) -> None:
        expected = self._expected()
        for name, shape in expected.items():
            if self._shape(name) != shape:
                raise CheckpointError(
                    f"{name} has shape {list(self._shape(name))}, and config.json asks for {list(shape)}"
                )
        ignored = {"lm_head.weight", "model.rotary_emb.inv_freq"}
        unknown = sorted(set(self._entries) - set(expected) - ignored)
        if unknown:
            raise CheckpointError(f"{self.folder} holds {unknown[0]}, which this exporter would have to leave out")


def backbone_shapes(a: Architecture) -> dict[str, tuple[int, ...]]:
    """Name every tensor of the backbone with its shape."""
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (a.vocabulary, a.hidden)}
    for layer in range(a.layers):
        shapes |= {f"model.layers.{layer}.{name}.weight": shape for name, shape in _layer_shapes(a).items()}
    return shapes | {"model.norm.weight": (a.hidden,)}


def _layer_shapes(a: Architecture) -> dict[str, tuple[int, ...]]:
    norms = {"self_attn.q_norm": (a.head_dim,), "self_attn.k_norm": (a.head_dim,)} if a.qk_norm else {}
    return {
        "input_layernorm": (a.hidden,),
        "self_attn.q_proj": (a.heads * a.head_dim, a.hidden),
        "self_attn.k_proj": (a.kv_heads * a.head_dim, a.hidden),
        "self_attn.v_proj": (a.kv_heads * a.head_dim, a.hidden),
        "self_attn.o_proj": (a.hidden, a.heads * a.head_dim),
        "post_attention_layernorm": (a.hidden,),
        "mlp.gate_proj": (a.mlp, a.hidden),
        "mlp.up_proj": (a.mlp, a.hidden),
        "mlp.down_proj": (a.hidden, a.mlp),
    } | norms


def _index(folder: Path) -> dict[str, _Entry]:
    files = _shards(folder)
    entries: dict[str, _Entry] = {}
    for file in files:
        entries |= _read_header(file)
    return entries


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


def _read_header(file: Path) -> dict[str, _Entry]:
    """Read where each tensor of a safetensors file lies: 8 bytes of length, JSON, then the data."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8).ljust(8, b"\xff"))
        if length > min(size - 8, _HEADER_LIMIT):
            raise CheckpointError(f"{file} is cut off or not a safetensors file; download it again")
        try:
            header = json.loads(stream.read(length))
        except ValueError as error:
            raise CheckpointError(f"{file} has a damaged header; download it again") from error
    header.pop("__metadata__", None)
    return {name: _entry(file, name, value, 8 + length, size) for name, value in header.items()}


def _entry(file: Path, name: str, value: Mapping[str, Any], base: int, size: int) -> _Entry:
    dtype = _DTYPES.get(value["dtype"])
    if dtype is None:
        raise CheckpointError(f"{file}: {name} has type {value['dtype']}; supported are {', '.join(_DTYPES)}")
    start, end = value["data_offsets"]
    entry = _Entry(file, base + start, tuple(value["shape"]), dtype)
    if end - start != _bytes(entry):
        raise CheckpointError(f"{file}: {name} has {end - start} bytes where its shape asks for {_bytes(entry)}")
    if base + end > size:
        raise CheckpointError(f"{file} is cut off: {name} ends at byte {base + end} of {size}; download it again")
    return entry


def _bytes(entry: _Entry) -> int:
    return math.prod(entry.shape) * int(np.dtype(entry.dtype).itemsize)
