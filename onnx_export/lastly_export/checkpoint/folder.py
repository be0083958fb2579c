"""A checkpoint folder in the published layout, read tensor by tensor so that memory holds one tensor at a time."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lastly_export.checkpoint.architecture import Architecture, read_architecture
from lastly_export.checkpoint.tensors import stored_tensors
from lastly_export.errors import CheckpointError


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
        self._tensors = stored_tensors(folder)
        self._check()

    @property
    def size(self) -> int:
        """Bytes of the tensors that the graph uses."""
        return sum(self._tensors[name].size for name in self._expected())

    @property
    def dtype(self) -> str:
        """The type of the embedding table, as numpy names it."""
        return str(np.dtype(self._tensors["model.embed_tokens.weight"].dtype))

    @property
    def projector_widths(self) -> tuple[int, int]:
        """The widths of the projector's two layers."""
        return self._tensors["projector.0.weight"].shape[0], self._tensors["projector.2.weight"].shape[0]

    def tensor(self, name: str) -> npt.NDArray[Any]:
        """Read one tensor in its stored type."""
        return self.rows(name, 0, self._tensors[name].shape[0])

    def rows(self, name: str, start: int, stop: int) -> npt.NDArray[Any]:
        """Read rows `start` to `stop` of one tensor."""
        return self._tensors[name].rows(start, stop)

    def _expected(self) -> dict[str, tuple[int, ...]]:
        shapes = backbone_shapes(self.architecture)
        first = self._shape("projector.0.weight")
        last = self._shape("projector.2.weight")
        return shapes | {
            "projector.0.weight": (first[0], self.architecture.hidden),
            "projector.2.weight": (last[0], first[0]),
        }

    def _shape(self, name: str) -> tuple[int, ...]:
        if name not in self._tensors:
            raise CheckpointError(f"{self.folder} holds no tensor {name}; is it a jina-reranker-v3 style checkpoint?")
        return self._tensors[name].shape

    def _check(self) -> None:
        expected = self._expected()
        for name, shape in expected.items():
            if self._shape(name) != shape:
                raise CheckpointError(
                    f"{name} has shape {list(self._shape(name))}, and config.json asks for {list(shape)}"
                )
        ignored = {"lm_head.weight", "model.rotary_emb.inv_freq"}
        unknown = sorted(set(self._tensors) - set(expected) - ignored)
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
