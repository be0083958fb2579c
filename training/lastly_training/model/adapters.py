"""LoRA: low-rank adapters beside the backbone's matrices, trained in their place and merged into them at the end."""

from typing import cast

from peft import LoraConfig, LoraModel

from lastly_training.model.decoder import Decoder
from lastly_training.model.reranker import ListwiseReranker

_MATRICES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Adapters:
    """The adapters of one model's backbone."""

    def __init__(self, model: ListwiseReranker, tuned: LoraModel) -> None:
        self._model, self._tuned = model, tuned

    @classmethod
    def into(cls, model: ListwiseReranker, rank: int) -> "Adapters":
        """Put adapters into every layer; the rest of the backbone is frozen, projector and markers are not."""
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=_MATRICES)
        return cls(model, LoraModel(model.backbone, config, "default"))

    def merge(self) -> None:
        """Add the adapters to the matrices, which get their old names back."""
        self._model.backbone = cast(Decoder, self._tuned.merge_and_unload())
