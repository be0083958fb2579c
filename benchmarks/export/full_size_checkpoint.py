"""Writes a random checkpoint of jina-reranker-v3's true size and layout (596.8 M parameters, bf16, 1.19 GB).

Its weights say nothing about ranking quality: it serves to measure time, memory and numeric parity.

usage: python -m benchmarks.export.full_size_checkpoint FOLDER [--layers N] [--window N]
"""

import argparse
import importlib
import json
import struct
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import ml_dtypes
import numpy as np

from lastly_export.checkpoint.architecture import read_architecture
from lastly_export.checkpoint.folder import backbone_shapes
from tests.kit.models.checkpoints import write_tokenizer

CONFIG = {
    "architectures": ["JinaForRanking"],
    "model_type": "qwen3",
    "hidden_size": 1024,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "intermediate_size": 3072,
    "vocab_size": 151936,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "hidden_act": "silu",
    "attention_bias": False,
    "tie_word_embeddings": True,
}
PROJECTOR = {"projector.0.weight": (512, 1024), "projector.2.weight": (512, 512)}
WORDS = 16384  # of the tokenizer; prompts are about as long as with the real one, which has 151,669
GLOBAL_LAYERS = 11  # of 28 in v3.5, the last one among them; the others are windowed
_ROWS = 16384  # written at a time


def write(folder: Path, layers: int = 28, window: int | None = None, sizes: Mapping[str, object] | None = None) -> Path:
    """Write the checkpoint; with `window`, 17 of 28 layers attend to that many tokens only, as in v3.5.

    `sizes`: over those of the true model, to try a script with a small one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = CONFIG | dict(sizes or {}) | {"num_hidden_layers": layers} | _windows(layers, window)
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    write_tokenizer(folder, min(WORDS, int(str(config["vocab_size"])) - 64), _documentation())
    architecture = read_architecture(folder)[0]
    projector = PROJECTOR | {"projector.0.weight": (PROJECTOR["projector.0.weight"][0], architecture.hidden)}
    _write_safetensors(folder / "model.safetensors", backbone_shapes(architecture) | projector)
    return folder


def _documentation() -> Iterator[str]:
    """The docstrings of the standard library, as text to train a tokenizer on."""
    for name in sorted(sys.stdlib_module_names - {"antigravity", "this", "idlelib"}):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        for value in [module, *vars(module).values()]:
            text = getattr(value, "__doc__", None)
            if isinstance(text, str):
                yield text


def _windows(layers: int, window: int | None) -> dict[str, object]:
    if window is None:
        return {}
    whole = {round((number + 1) * layers / GLOBAL_LAYERS) - 1 for number in range(GLOBAL_LAYERS)}
    kinds = ["full_attention" if layer in whole else "sliding_attention" for layer in range(layers)]
    return {"layer_types": kinds, "sliding_window": window, "use_sliding_window": True}


def _write_safetensors(file: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    header, offset = {}, 0
    for name, shape in shapes.items():
        end = offset + 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    with file.open("wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for part in _parts(shapes):
            out.write(part.astype(ml_dtypes.bfloat16).tobytes())


def _parts(shapes: dict[str, tuple[int, ...]]) -> Iterator[np.ndarray]:
    """Norms near 1; matrices scaled such that activations keep their size through the layers."""
    rng = np.random.default_rng(0)
    for name, shape in shapes.items():
        if len(shape) == 1:
            yield 1 + np.float32(0.1) * rng.standard_normal(shape, np.float32)
            continue
        scale = np.float32(1.0 if "embed" in name else shape[1] ** -0.5)
        for start in range(0, shape[0], _ROWS):
            yield scale * rng.standard_normal((min(_ROWS, shape[0] - start), shape[1]), np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", type=int, default=28)
    parser.add_argument("--window", type=int, help="windowed layers as in v3.5, of this many tokens (1024 there)")
    given = parser.parse_args()
    print(write(given.folder, given.layers, given.window))
