"""Reads a model folder in int8 back into a checkpoint, so that a training can go on from the embedded lastly-mini.

`python -m lastly_training.mini.read_back -o CHECKPOINT`, then `lastly-train DATA --checkpoint CHECKPOINT -o OUT`. The
weights are those of the folder, its roundings included: 7 bits of a matrix, 8 of the embedding table. `--unrounded
SEED` draws weights that round to them instead: what fp32 weights that are gone may have been, and as good a start as
they were.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import GraphProto, NodeProto, numpy_helper

from lastly.config import embedded_model
from lastly.errors import ModelFolderError
from lastly.model.folder import Manifest, ModelFolder
from lastly_export.checkpoint.description import PROMPT_KEYS
from lastly_export.precision.floating import EMBEDDING
from lastly_training.model.checkpoint import Checkpoint

_SCALE = "_scale"
Stored = Mapping[str, npt.NDArray[Any]]


def read_back(folder: ModelFolder, unrounded: int | None = None) -> Checkpoint:
    """Return a folder's weights in fp32 with config, tokenizer and prompt. Raises ModelFolderError for other graphs.

    With a seed `unrounded` they are drawn evenly among those that an export would round to the folder's.
    """
    manifest = folder.manifest
    if (manifest.dtype, manifest.graph.kind) != ("int8", "fused"):
        raise ModelFolderError(
            f"{folder.path} is {manifest.dtype}, {manifest.graph.kind}; int8, fused can be read back"
        )
    graph = onnx.load(str(folder.graph_path)).graph
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    rng = None if unrounded is None else np.random.default_rng(unrounded)
    tensors = {name: torch.from_numpy(_weight(stored, name, rng)) for name in stored if _is_weight(name)}
    tokenizer: dict[str, Any] = json.loads(folder.tokenizer_path.read_text(encoding="utf-8"))
    prompt = manifest.model_dump(mode="json", include=PROMPT_KEYS)
    return Checkpoint(_config(manifest, list(_nodes(graph)), stored), tensors, tokenizer, prompt)


def _nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """Return all nodes, those in branches too."""
    for node in graph.node:
        yield node
        for one in node.attribute:
            yield from _nodes(one.g)


def _is_weight(name: str) -> bool:
    return name.startswith(("model.", "projector.")) and not name.endswith(_SCALE)


def _weight(stored: Stored, name: str, rng: np.random.Generator | None) -> npt.NDArray[np.float32]:
    """Scale back and turn round: the graph has matrices as [in, out]; the table as [words, hidden]."""
    value, table = stored[name].astype(np.float32), name == EMBEDDING
    if name + _SCALE in stored:
        if rng is not None:
            value = _unrounded(value, axis=1 if table else 0, rng=rng)
        value = value * stored[name + _SCALE]
    return np.ascontiguousarray(value if table or value.ndim != 2 else value.T)


def _unrounded(whole: npt.NDArray[np.float32], axis: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draw what rounds to these numbers; the largest along the axis stay, since they give the scale."""
    size = np.abs(whole)
    drawn = whole + rng.uniform(-0.499, 0.499, whole.shape).astype(np.float32)
    return np.where(size == size.max(axis=axis, keepdims=True), whole, drawn)


def _config(manifest: Manifest, nodes: Sequence[NodeProto], stored: Stored) -> dict[str, Any]:
    """Write what the backbone's config.json says, read off the shapes and the operators' attributes."""
    layers = [_attributes(node) for node in nodes if node.op_type == "GroupQueryAttention"]
    if not layers or any("local_window_size" in layer for layer in layers):
        raise ModelFolderError(f"{manifest.name} has windowed layers, or one alone; other models can be read back")
    attention = layers[0]
    epsilon = _attributes(_first(nodes, "SimplifiedLayerNormalization"))["epsilon"]
    heads, hidden = attention["num_heads"], stored[EMBEDDING].shape[1]
    head_dim = stored["model.layers.0.self_attn.q_proj.weight"].shape[1] // heads
    theta = _theta(nodes, stored, head_dim)
    return {
        "architectures": ["JinaForRanking"],
        "model_type": manifest.architecture,
        "hidden_size": hidden,
        "intermediate_size": stored["model.layers.0.mlp.gate_proj.weight"].shape[1],
        "num_hidden_layers": sum(name.endswith(".mlp.gate_proj.weight") for name in stored),
        "num_attention_heads": heads,
        "num_key_value_heads": attention["kv_num_heads"],
        "head_dim": head_dim,
        "vocab_size": manifest.vocabulary_size,
        "max_position_embeddings": manifest.maximum_positions,
        "rms_norm_eps": float(f"{epsilon:.3g}"),
        "rope_theta": theta,
        "rope_parameters": {"rope_theta": theta, "rope_type": "default"},
        "hidden_act": "silu",
        "attention_bias": False,
        "tie_word_embeddings": True,
        "pad_token_id": manifest.pad_token_id,
        "dtype": "float32",
    }


def _theta(nodes: Sequence[NodeProto], stored: Stored, head_dim: int) -> float:
    """Find the rotary base: the graph multiplies places by the frequencies base ** (-2 * n / head_dim)."""
    angles = _first(nodes, "Cos").input[0]
    product = next(node for node in nodes if angles in node.output)
    frequencies = next(stored[name] for name in product.input if name in stored).ravel()
    return float(f"{float(frequencies[1]) ** (-head_dim / 2):.5g}")


def _first(nodes: Sequence[NodeProto], kind: str) -> NodeProto:
    found: NodeProto = next(node for node in nodes if node.op_type == kind)
    return found


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=embedded_model(), help="the embedded one by default")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--unrounded", type=int, metavar="SEED", help="draw weights that round to the folder's")
    options = parser.parse_args()
    try:
        read_back(ModelFolder.load(options.folder), options.unrounded).save(options.output)
    except ModelFolderError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
