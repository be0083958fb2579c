"""A checkpoint folder in the layout of jina-reranker-v3, which the exporter reads."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

_TOKENIZER_CONFIG = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}


@dataclass
class Checkpoint:
    """config.json, tensors, tokenizer.json and lastly_prompt.json."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]
    tokenizer: dict[str, Any]
    prompt: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write the folder; tensors as fp32."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {key: value.detach().to("cpu", torch.float32).contiguous() for key, value in self.tensors.items()}
        save_file(tensors, folder / "model.safetensors")
        _write(folder / "config.json", self.config)
        _write(folder / "tokenizer.json", self.tokenizer, indent=None)
        limits = {"model_max_length": self.config["max_position_embeddings"]}
        _write(folder / "tokenizer_config.json", _TOKENIZER_CONFIG | limits)
        _write(folder / "lastly_prompt.json", self.prompt)

    @classmethod
    def load(cls, folder: Path) -> "Checkpoint":
        """Read the folder; several safetensors files are joined."""
        tensors: dict[str, Tensor] = {}
        for file in sorted(folder.glob("model*.safetensors")):
            tensors |= {key: value.float() for key, value in load_file(file).items()}
        if not tensors:
            raise FileNotFoundError(
                f"{folder} holds no model*.safetensors; make one with python -m lastly_training.model.backbone"
            )
        names = ("config.json", "tokenizer.json", "lastly_prompt.json")
        config, tokenizer, prompt = (json.loads((folder / name).read_text(encoding="utf-8")) for name in names)
        return cls(config, tensors, tokenizer, prompt)


def _write(path: Path, value: dict[str, Any], indent: int | None = 2) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")
