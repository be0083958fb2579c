"""Transformers with SDPA, the projector on the markers' states: the published way, one request at a time, or better."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from benchmarks.gpu.part import Part
from lastly.ranking.scoring import cosine
from lastly.types import Encoding
from lastly_export.checkpoint.folder import Checkpoint


class Published:
    """A backbone on a device; `dtype`: "bf16" or "fp32"."""

    def __init__(self, part: Part, dtype: str, folder: Path | None = None) -> None:
        transformers.logging.set_verbosity_error()
        self._device = part.device
        kind = {"bf16": torch.bfloat16, "fp32": torch.float32}[dtype]
        source = folder or part.checkpoint
        self._model: Any = transformers.AutoModel.from_pretrained(source, dtype=kind, attn_implementation="sdpa")
        self._model = self._model.eval().to(self._device)
        checkpoint = Checkpoint(source)
        self._first, self._last = (
            torch.from_numpy(checkpoint.tensor(f"projector.{layer}.weight").astype(np.float32)).to(self._device, kind)
            for layer in (0, 2)
        )

    def compile(self) -> None:
        """Have torch compile the backbone anew for every shape, and replay it as a CUDA graph."""
        self._model = torch.compile(self._model, mode="reduce-overhead", dynamic=False)

    def run(self, encoding: Encoding) -> np.ndarray:
        """Return the scores [documents]; waits for the device."""
        return self.run_batch([encoding])[0]

    def run_batch(self, encodings: Sequence[Encoding]) -> list[np.ndarray]:
        """Return the scores of each; shorter ones are padded on the right, which causal attention never reads."""
        longest = max(len(encoding.input_ids) for encoding in encodings)
        ids = np.zeros((len(encodings), longest), np.int64)
        for row, encoding in zip(ids, encodings, strict=True):
            row[: len(encoding.input_ids)] = encoding.input_ids
        with torch.inference_mode():
            states = self._model(torch.from_numpy(ids).to(self._device), use_cache=False).last_hidden_state
            found = [self._projected(rows, encoding) for rows, encoding in zip(states, encodings, strict=True)]
            return [cosine(each[-1], each[:-1]) for each in (each.float().cpu().numpy() for each in found)]

    def _projected(self, states: torch.Tensor, encoding: Encoding) -> torch.Tensor:
        places = torch.from_numpy(np.append(encoding.document_positions, encoding.query_position))
        return torch.relu(states[places.to(self._device)] @ self._first.T) @ self._last.T
