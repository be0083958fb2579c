"""The start of a training: first layers of a language model, a smaller vocabulary, two marker tokens, a projector.

`python -m lastly_training.model.backbone BACKBONE -o FOLDER` writes a checkpoint folder in the layout of
jina-reranker-v3. BACKBONE is a GGUF file, a local folder or a hub id of a Llama or Qwen3 model.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel

from lastly_training.model.checkpoint import Checkpoint
from lastly_training.text.template import DOCUMENT_MARKER, MAXIMUM_POSITIONS, QUERY_MARKER, prompt_description
from lastly_training.text.vocabulary import cut_tokenizer, read_tokenizer


@dataclass(frozen=True)
class Windowed:
    """Layers whose tokens attend to the last `window` tokens only; the last layer, which reads the list, is global."""

    layers: tuple[int, ...]
    window: int

    def description(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keys of config.json; a Llama with windows is a Ministral."""
        depth = config["num_hidden_layers"]
        if not set(self.layers) <= set(range(depth - 1)):
            raise ValueError(f"layers with a window must lie between 0 and {depth - 2}, not {self.layers}")
        kinds = ["sliding_attention" if layer in self.layers else "full_attention" for layer in range(depth)]
        head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        kind = "ministral" if config["model_type"] == "llama" else config["model_type"]
        return {"model_type": kind, "layer_types": kinds, "sliding_window": self.window, "head_dim": head_dim}


@dataclass(frozen=True)
class Shape:
    """What is kept of a backbone (None: all of it) and put on it; a projector has an inner and an outer width."""

    layers: int | None = None
    vocabulary: int | None = None
    lowercase: bool = False
    projector: tuple[int, int] = (1024, 384)
    windowed: Windowed | None = None

    @classmethod
    def add_flags(cls, parser: argparse.ArgumentParser) -> None:
        """Add a flag for every field."""
        group = parser.add_argument_group("shape", "what is kept of a backbone, and what is put on it")
        group.add_argument("--layers", type=int, help="keep this many first layers (all)")
        group.add_argument("--vocabulary", type=int, help="keep this many first tokens (all)")
        group.add_argument("--lowercase", action="store_true", help="read capitals as lower case")
        group.add_argument("--projector", type=int, nargs=2, default=cls.projector, metavar=("INNER", "OUTER"))
        group.add_argument(
            "--windowed", type=int, nargs="*", default=[], metavar="LAYER", help="layers that get a window"
        )
        group.add_argument("--window", type=int, default=128, help="of so many tokens (%(default)s)")

    @classmethod
    def of_flags(cls, given: argparse.Namespace) -> "Shape":
        """Read the fields back."""
        windowed = Windowed(tuple(given.windowed), given.window) if given.windowed else None
        return cls(given.layers, given.vocabulary, given.lowercase, tuple(given.projector), windowed)


SHAPE_FLAGS = ("layers", "vocabulary", "lowercase", "projector", "windowed", "window")


def start(backbone: str, shape: Shape, name: str, seed: int) -> Checkpoint:
    """Build the untrained reranker: the backbone in a shape, two marker tokens, a projector."""
    torch.manual_seed(seed)
    model = load_backbone(backbone)
    tokenizer, kept = cut_tokenizer(read_tokenizer(backbone), shape.vocabulary, shape.lowercase)
    config = _config(model, shape.layers, len(kept))
    if shape.windowed:
        config |= shape.windowed.description(config)
    tensors = _tensors(model.state_dict(), config["num_hidden_layers"], kept)
    markers = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    _place_markers(tensors["model.embed_tokens.weight"], tokenizer["model"]["vocab"], markers)
    tensors["model.norm.weight"] = torch.ones_like(tensors["model.norm.weight"])
    hidden = config["hidden_size"]
    inner, outer = shape.projector
    tensors["projector.0.weight"] = _orthogonal(inner, hidden)
    tensors["projector.2.weight"] = _orthogonal(outer, inner)
    return Checkpoint(config, tensors, tokenizer, prompt_description(name, markers))


def load_backbone(backbone: str) -> PreTrainedModel:
    """Load the language model of a GGUF file, a folder or a hub id, in fp32."""
    path = Path(backbone)
    if path.suffix == ".gguf":
        return AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    return AutoModelForCausalLM.from_pretrained(backbone, dtype=torch.float32)


def _config(model: PreTrainedModel, layers: int | None, vocabulary: int) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(model.config.to_json_string(use_diff=False))
    if config["model_type"] not in ("llama", "qwen3"):
        raise ValueError(
            f"{config['model_type']!r} is not a backbone that the exporter reads; use a Llama or Qwen3 model"
        )
    depth = min(layers or config["num_hidden_layers"], config["num_hidden_layers"])
    config |= {
        "architectures": ["JinaForRanking"],
        "num_hidden_layers": depth,
        "vocab_size": vocabulary,
        "dtype": "float32",
    }
    positions = max(config["max_position_embeddings"], MAXIMUM_POSITIONS)
    config |= {"pad_token_id": 0, "tie_word_embeddings": True, "max_position_embeddings": positions}
    for key in (
        "quantization_config",
        "_name_or_path",
        "_model_name_or_path",
        "transformers_version",
        "id2label",
        "label2id",
    ):
        config.pop(key, None)
    # Readers of the older layout look for rope_theta at the top.
    config["rope_theta"] = (config.get("rope_parameters") or config)["rope_theta"]
    if config.get("layer_types"):
        config["layer_types"] = config["layer_types"][:depth]
    return config


def _tensors(state: Mapping[str, Tensor], layers: int, kept: list[int]) -> dict[str, Tensor]:
    wanted = tuple(f"model.layers.{layer}." for layer in range(layers))
    tensors = {key: value.float().clone() for key, value in state.items() if key.startswith(wanted)}
    tensors["model.norm.weight"] = state["model.norm.weight"].float().clone()
    tensors["model.embed_tokens.weight"] = state["model.embed_tokens.weight"][kept].float().clone()
    return tensors


def _place_markers(embedding: Tensor, vocabulary: Mapping[str, int], markers: Mapping[str, int]) -> None:
    """Unused special tokens all have nearly the same state: the markers start from marks that end a text instead."""
    embedding[markers[DOCUMENT_MARKER]] = embedding[vocabulary["."]]
    embedding[markers[QUERY_MARKER]] = embedding[vocabulary["?"]]


def _orthogonal(rows: int, columns: int) -> Tensor:
    return nn.init.orthogonal_(torch.empty(rows, columns))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("backbone", help="GGUF file, folder or hub id of a Llama or Qwen3 model")
    parser.add_argument("-o", "--output", type=Path, required=True)
    Shape.add_flags(parser)
    parser.add_argument("--name", default="lastly-mini")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    checkpoint = start(arguments.backbone, Shape.of_flags(arguments), arguments.name, arguments.seed)
    checkpoint.save(arguments.output)


if __name__ == "__main__":
    main()
