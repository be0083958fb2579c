"""What a step of the training minimises: the losses of one batch, weighted as the recipe says."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lastly_training.data.batches import Batch
from lastly_training.loop import losses
from lastly_training.loop.recipe import Recipe
from lastly_training.model.reranker import cosines


@dataclass(frozen=True)
class Taught:
    """The teachers' joint embeddings of a batch: documents [lists, documents, width], queries [lists, width]; fp32."""

    documents: Tensor
    queries: Tensor


def weighted_losses(
    model: nn.Module, readings: list[Batch], taught: Taught | None, recipe: Recipe, lists: bool, device: str
) -> dict[str, Tensor]:
    """Return the losses by name; `readings` holds the batch and, where the recipe wants it, its reverse.

    Unless `lists` count, only the embeddings do. Without a teacher lists are judged by labels and BM25 alone.
    """
    batch = readings[0]
    documents, marks = _read(model, batch, device)
    parts = {"spread": recipe.dispersion * losses.dispersion(documents, batch.real)}
    if lists:
        parts |= _list_losses(documents, marks, batch, taught, recipe)
    if taught and recipe.distill_embeddings:
        parts["embed"] = recipe.distill_embeddings * _embedding_loss(documents, marks[:, -1], taught, batch.real)
    if recipe.similarity:
        again, _ = _read(model, readings[1], device)
        parts["same"] = recipe.similarity * _order_loss(documents, again, batch.real)
    return {name: value for name, value in parts.items() if value.requires_grad}


def _list_losses(
    documents: Tensor, marks: Tensor, batch: Batch, taught: Taught | None, recipe: Recipe
) -> dict[str, Tensor]:
    """Return the losses of the scores: of the query's last state, and of its first with dual matching."""
    by_list, scores = _list_loss(batch, taught, recipe), cosines(documents, marks[:, -1])
    judged = batch.positive & batch.labelled[:, None]
    nce = losses.info_nce(scores, judged, batch.real, recipe.temperature)
    parts = {"list": by_list(scores), "nce": recipe.info_nce * nce}
    if recipe.dual:
        parts["dual"] = recipe.dual * by_list(cosines(documents, marks[:, 0]))
    return parts


def _read(model: nn.Module, batch: Batch, device: str) -> tuple[Tensor, Tensor]:
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        read: tuple[Tensor, Tensor] = model(batch.input_ids, batch.document_positions, batch.query_positions)
    return read


def _list_loss(batch: Batch, taught: Taught | None, recipe: Recipe) -> Callable[[Tensor], Tensor]:
    """Return the loss of a batch's scores against what teacher, BM25 and labels want of its lists."""
    wanted = recipe.bm25_weight * batch.first_stage
    if taught:
        wanted = wanted + torch.einsum("ndw,nw->nd", taught.documents, taught.queries)
    label_weight = torch.where(batch.labelled[:, None], recipe.label_weight, recipe.synthetic_label_weight)
    temperatures = recipe.temperature, recipe.teacher_temperature
    return lambda scores: losses.listwise_distillation(
        scores, wanted, batch.positive, batch.real, *temperatures, label_weight
    )


def _order_loss(documents: Tensor, reverse: Tensor, real: Tensor) -> Tensor:
    """How far a document's embedding moves when its list is read from the end."""
    place = (real.sum(1, keepdim=True) - 1 - torch.arange(real.shape[1], device=real.device)).clamp(min=0)
    return losses.similarity(documents, reverse.gather(1, place[..., None].expand_as(reverse)), real)


def _embedding_loss(documents: Tensor, query: Tensor, taught: Taught, real: Tensor) -> Tensor:
    if documents.shape[-1] != taught.documents.shape[-1]:
        raise ValueError(
            "the projector's outer width must be the sum of the teachers' widths to distil their embeddings"
        )
    documents_loss = losses.embedding_distillation(documents, taught.documents, real)
    return documents_loss + (1 - F.cosine_similarity(query, taught.queries, dim=-1)).mean()
