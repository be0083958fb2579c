"""The listwise reranker in torch: backbone, markers, projector."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lastly_training.model.checkpoint import Checkpoint
from lastly_training.model.decoder import Decoder
from lastly_training.text.template import Template


class ListwiseReranker(nn.Module):
    """Reads lists and gives the projected states of their markers.

    The embedding table stays as the backbone has it (only the control tokens' rows are trained): words that no
    training text holds keep their place beside those that do.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        config = dict(checkpoint.config)
        self._config, self._tokenizer, self._prompt = config, checkpoint.tokenizer, checkpoint.prompt
        self.backbone = Decoder(config)
        tensors = checkpoint.tensors
        inner, hidden = tensors["projector.0.weight"].shape
        outer = tensors["projector.2.weight"].shape[0]
        self.projector = nn.Sequential(
            nn.Linear(hidden, inner, bias=False), nn.ReLU(), nn.Linear(inner, outer, bias=False)
        )
        self._load(tensors)
        self.template = Template.of(checkpoint.tokenizer)
        self._control_rows = sorted(vars(self.template).values())
        table = self.backbone.embed_tokens.weight
        self.control = nn.Parameter(table[self._control_rows].clone())
        self.register_buffer("_control_place", self._places(len(table)), persistent=False)
        table.requires_grad_(False)

    def forward(self, input_ids: Tensor, documents: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Return the embeddings [lists, documents, width] and [lists, places of the query, width], not normalised.

        `input_ids` [lists, tokens], right padded; `documents` [lists, documents] and `queries` [lists, places]: where
        the markers stand. Causal attention never reads the padding, so no mask is needed.
        """
        states = self.backbone(self.embed(input_ids))
        places = torch.cat([documents, queries], 1)
        marked = states.gather(1, places[..., None].expand(-1, -1, states.shape[-1]))
        embeddings = self.projector(marked)
        return embeddings[:, : documents.shape[1]].float(), embeddings[:, documents.shape[1] :].float()

    def compile_layers(self) -> None:
        """Let torch.compile fuse each layer, once for all lengths."""
        for layer in self.backbone.layers:
            layer.compile(dynamic=True)

    @torch.no_grad()
    def project_away(self, states: Tensor) -> None:
        """Fold the removal of the mean marker state into the projector: at the start all markers look alike."""
        mean = F.normalize(states.float().mean(0), dim=0)
        weight: Tensor = self.projector.get_parameter("0.weight")
        weight -= (weight @ mean)[:, None] * mean

    @torch.no_grad()
    def checkpoint(self) -> Checkpoint:
        """Return the model as a checkpoint in the published layout."""
        tensors = {f"model.{name}": value.detach().cpu() for name, value in self.backbone.state_dict().items()}
        table = tensors["model.embed_tokens.weight"].clone()
        table[self._control_rows] = self.control.detach().cpu().to(table.dtype)
        tensors["model.embed_tokens.weight"] = table
        for name, value in self.projector.state_dict().items():
            tensors[f"projector.{name}"] = value.detach().cpu()
        return Checkpoint(self._config, tensors, self._tokenizer, self._prompt)

    def _load(self, tensors: dict[str, Tensor]) -> None:
        backbone = {key.removeprefix("model."): value for key, value in tensors.items() if key.startswith("model.")}
        self.backbone.load_state_dict(backbone)
        projector = {
            key.removeprefix("projector."): value for key, value in tensors.items() if key.startswith("projector.")
        }
        self.projector.load_state_dict(projector)

    def _places(self, rows: int) -> Tensor:
        places = torch.full((rows,), -1)
        places[self._control_rows] = torch.arange(len(self._control_rows))
        return places

    def embed(self, input_ids: Tensor) -> Tensor:
        """Look tokens [lists, tokens] up; control tokens in the rows that are trained.

        Those are picked by a product: the gradient of an index adds up token by token, however few rows there are.
        """
        place = self._control_place[input_ids]  # type: ignore[index]
        words = self.backbone.embed_tokens(input_ids)
        own = F.one_hot(place + 1, len(self.control) + 1)[..., 1:].to(words.dtype) @ self.control
        return torch.where((place >= 0)[..., None], own.to(words.dtype), words)


def cosines(documents: Tensor, queries: Tensor) -> Tensor:
    """Score every document [lists, documents, width] against its list's query [lists, width]."""
    return torch.einsum("ndw,nw->nd", F.normalize(documents, dim=-1), F.normalize(queries, dim=-1))


def describe(model: ListwiseReranker) -> dict[str, Any]:
    """Return the sizes that a report wants."""
    count = sum(parameter.numel() for parameter in model.parameters())
    return {"parameters": count, "trained": sum(p.numel() for p in model.parameters() if p.requires_grad)}
