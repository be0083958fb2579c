"""The independent reference of an export: the stock model of transformers in fp32, its weights streamed layer by layer.

The model is made on torch's meta device, and each layer holds weights only while it runs: a 0.6B model needs one layer
of memory instead of 2.4 GB.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from lastly.types import BlockEmbeddings, Encoding
from lastly_export.checkpoint.folder import Checkpoint

_CLASSES = {
    "qwen3": ("Qwen3Config", "Qwen3Model"),
    "llama": ("LlamaConfig", "LlamaModel"),
    "ministral": ("MinistralConfig", "MinistralModel"),
}


class TransformersReference:
    """Qwen3Model or LlamaModel in fp32 with SDPA. Raises ImportError where torch or transformers is missing."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        import torch
        import transformers

        self.name = f"transformers {transformers.__version__}, torch {torch.__version__}, fp32, SDPA"
        self._torch = torch
        self._checkpoint = checkpoint
        self._model = self._empty_model(transformers)
        for layer, module in enumerate(self._model.layers):
            module.register_forward_pre_hook(self._filler(f"model.layers.{layer}."))
            module.register_forward_hook(_empty)
        self._fill(self._model.norm, "model.norm.")

    def run(self, encoding: Encoding) -> BlockEmbeddings:
        """Run the backbone over one block and project the states at its markers."""
        torch = self._torch
        with torch.no_grad():
            states = self._model(inputs_embeds=self._embeddings(encoding), use_cache=False).last_hidden_state[0]
            rows = states[np.append(encoding.document_positions, encoding.query_position)]
            first, last = (self._tensor(f"projector.{layer}.weight") for layer in (0, 2))
            projected = (torch.relu(rows @ first.T) @ last.T).numpy()
        return BlockEmbeddings(projected[:-1], projected[-1])

    def _empty_model(self, transformers: Any) -> Any:
        names = _CLASSES[self._checkpoint.architecture.kind]
        config_class, model_class = (getattr(transformers, name) for name in names)
        config = config_class.from_dict(self._checkpoint.config, attn_implementation="sdpa")
        with self._torch.device("meta"):
            model = model_class(config).eval()
        model.rotary_emb = type(model.rotary_emb)(config)  # its frequencies are computed, not loaded
        return model

    def _filler(self, prefix: str) -> Callable[..., None]:
        return lambda module, *_: self._fill(module, prefix)

    def _fill(self, module: Any, prefix: str) -> None:
        module.load_state_dict({name: self._tensor(prefix + name) for name in module.state_dict()}, assign=True)

    def _embeddings(self, encoding: Encoding) -> Any:
        rows = [self._checkpoint.rows("model.embed_tokens.weight", token, token + 1) for token in encoding.input_ids]
        return self._torch.from_numpy(np.concatenate(rows).astype(np.float32))[None]

    def _tensor(self, name: str) -> Any:
        return self._torch.from_numpy(self._checkpoint.tensor(name).astype(np.float32))


def _empty(module: Any, *_: object) -> None:
    module.to_empty(device="meta")
