"""Random checkpoints in the published layout, small enough for a test, with a real byte-level BPE tokenizer."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from lastly_export.checkpoint.architecture import read_architecture
from lastly_export.checkpoint.folder import backbone_shapes

CONTROL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<think>",
    "</think>",
    "<|embed_token|>",
    "<|rerank_token|>",
)
_CORPUS = (
    "You are a search relevance expert who can determine a ranking of the passages based on how relevant they are.",
    "I will provide you with passages, each indicated by a numerical identifier. Rank the passages.",
    '<passage id="0">\nGreen tea holds catechins; black tea is fermented.\n</passage>\n<query>\nwhich tea?\n</query>',
    "Der Fluss fließt durch die Stadt. 緑茶にはカテキンが含まれています。 Зелёный чай. الشاي الأخضر 🍵🌱",
)


@dataclass(frozen=True)
class Shape:
    """What kind of checkpoint to make; `overrides` go into config.json last."""

    kind: str = "qwen3"
    hidden: int = 64
    layers: int = 3
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 32
    mlp: int = 96
    vocabulary: int = 640
    projector: tuple[int, int] = (48, 40)
    window: int | None = None
    maximum_positions: int = 131072
    overrides: Mapping[str, Any] | None = None


QWEN3 = Shape()
SLIDING = Shape(layers=4, window=16)
LLAMA = Shape(kind="llama", hidden=96, heads=6, head_dim=16)
# The true width of jina-reranker-v3 (28 layers and 151,936 words there).
WIDE = Shape(hidden=1024, layers=4, heads=16, kv_heads=8, head_dim=128, mlp=3072, projector=(512, 512))


def write_checkpoint(folder: Path, shape: Shape = QWEN3, seed: int = 0) -> Path:
    """Write a random checkpoint and give its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(_config(shape), indent=1))
    write_tokenizer(folder, shape.vocabulary)
    save_file(_tensors(folder, shape, seed), folder / "model.safetensors")
    return folder


def write_tokenizer(folder: Path, vocabulary: int, corpus: Iterable[str] = _CORPUS) -> None:
    """Train a byte-level BPE tokenizer; the control tokens take the ids after its words."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(CONTROL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL_TOKENS])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": CONTROL_TOKENS[0]}))


def _config(shape: Shape) -> dict[str, Any]:
    config: dict[str, Any] = {
        "architectures": ["JinaForRanking"],
        "model_type": shape.kind,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim,
        "intermediate_size": shape.mlp,
        "vocab_size": shape.vocabulary,
        "max_position_embeddings": shape.maximum_positions,
        "rms_norm_eps": 1e-6 if shape.kind == "qwen3" else 1e-5,
        "rope_theta": 1000000.0 if shape.kind == "qwen3" else 100000.0,
        "hidden_act": "silu",
        "attention_bias": False,
        "tie_word_embeddings": True,
    }
    if shape.window is not None:
        kinds = ["full_attention" if layer % 3 == 0 else "sliding_attention" for layer in range(shape.layers)]
        config |= {"layer_types": kinds, "sliding_window": shape.window, "use_sliding_window": True}
    return config | dict(shape.overrides or {})


def _tensors(folder: Path, shape: Shape, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    first, last = shape.projector
    shapes = backbone_shapes(read_architecture(folder)[0]) | {
        "projector.0.weight": (first, shape.hidden),
        "projector.2.weight": (last, first),
    }
    return {name: _random(rng, name, size) for name, size in shapes.items()}


def _random(rng: np.random.Generator, name: str, size: tuple[int, ...]) -> np.ndarray:
    """Norms near 1, matrices scaled such that activations keep their size through the layers."""
    if len(size) == 1:
        return (1 + 0.1 * rng.standard_normal(size)).astype(np.float32)
    scale = 1.0 if "embed" in name else size[1] ** -0.5
    return (scale * rng.standard_normal(size)).astype(np.float32)
