"""What a step of the training minimises: the losses of one batch, weighted as the recipe says."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training import losses
from training.batches import Batch
from training.model import ListwiseReranker, cosines
from training.prepared import Prepared
from training.recipe import Recipe


@dataclass(frozen=True)
class Taught:
    """The teacher's embeddings of every document and query, on the device."""

    documents: Tensor
    queries: Tensor

    @classmethod
    def of(cls, prepared: Prepared, device: str) -> "Taught | None":
        """Read them; None where there is no teacher."""
        if not len(prepared.document_teacher):
            return None
        return cls(prepared.document_teacher.to(device), prepared.query_teacher.to(device))


def weighted_losses(
    model: ListwiseReranker, readings: list[Batch], taught: Taught | None, recipe: Recipe, progress: float, device: str
) -> dict[str, Tensor]:
    """Give the losses by name; `readings` holds the batch and, where the recipe wants it, its reverse.

    Without a teacher lists are judged by labels and BM25 alone.
    """
    batch = readings[0]
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        documents, marks = model(batch.input_ids, batch.document_positions, batch.query_positions)
    query = marks[:, -1]
    scores = cosines(documents, query)
    wanted = recipe.bm25_weight * batch.first_stage
    if taught:
        taught_documents, taught_query = taught.documents[batch.rows].float(), taught.queries[batch.queries].float()
        wanted = wanted + torch.einsum("ndw,nw->nd", taught_documents, taught_query)
    label_weight = torch.where(batch.labelled[:, None], recipe.label_weight, recipe.synthetic_label_weight)

    def by_list(scores: Tensor) -> Tensor:
        return losses.listwise_distillation(
            scores, wanted, batch.positive, batch.real, recipe.temperature, recipe.teacher_temperature, label_weight
        )

    parts = {
        "list": by_list(scores),
        "nce": recipe.info_nce
        * losses.info_nce(scores, batch.positive & batch.labelled[:, None], batch.real, recipe.temperature),
        "spread": recipe.dispersion * losses.dispersion(documents, batch.real),
    }
    if taught and recipe.distill_embeddings:
        fading = max(recipe.distill_floor, 1 - progress / max(recipe.warm_share, 1e-9) / 2)
        distance = _embedding_loss(documents, query, taught_documents, taught_query, batch)
        parts["embed"] = recipe.distill_embeddings * fading * distance
    if recipe.dual:
        parts["dual"] = recipe.dual * by_list(cosines(documents, marks[:, 0]))
    if recipe.similarity:
        parts["same"] = recipe.similarity * _order_loss(model, documents, batch, readings[1], device)
    return {name: value for name, value in parts.items() if value.requires_grad}


def _order_loss(model: ListwiseReranker, documents: Tensor, batch: Batch, reverse: Batch, device: str) -> Tensor:
    """How far a document's embedding moves when its list is read from the end."""
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        again, _ = model(reverse.input_ids, reverse.document_positions, reverse.query_positions)
    place = (batch.real.sum(1, keepdim=True) - 1 - torch.arange(batch.real.shape[1], device=device)).clamp(min=0)
    return losses.similarity(documents, again.gather(1, place[..., None].expand_as(again)), batch.real)


def _embedding_loss(
    documents: Tensor, query: Tensor, taught_documents: Tensor, taught_query: Tensor, batch: Batch
) -> Tensor:
    if documents.shape[-1] != taught_documents.shape[-1]:
        raise ValueError("the projector's outer width must be the teacher's width for its embeddings to be distilled")
    documents_loss = losses.embedding_distillation(documents, taught_documents, batch.real)
    return documents_loss + (1 - F.cosine_similarity(query, taught_query, dim=-1)).mean()
