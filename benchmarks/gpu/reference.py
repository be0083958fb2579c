"""The published way: transformers with SDPA, one request at a time, the projector on the markers' states."""

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

    def run(self, encoding: Encoding) -> np.ndarray:
        """Give the scores [documents]; waits for the device."""
        with torch.inference_mode():
            ids = torch.from_numpy(encoding.input_ids)[None].to(self._device)
            states = self._model(ids, use_cache=False).last_hidden_state[0]
            places = torch.from_numpy(np.append(encoding.document_positions, encoding.query_position))
            rows = states[places.to(self._device)]
            projected = (torch.relu(rows @ self._first.T) @ self._last.T).float().cpu().numpy()
        return cosine(projected[-1], projected[:-1])
