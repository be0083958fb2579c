"""The losses. All are means over lists; scores are cosines; `real` marks the places of a list that hold a document."""

import torch
import torch.nn.functional as F
from torch import Tensor

_NOTHING = -1e4


def info_nce(scores: Tensor, positive: Tensor, real: Tensor, temperature: float) -> Tensor:
    """Each relevant document against the irrelevant ones of its list. Lists without either count as 0.

    `scores`, `positive`, `real` [lists, documents].
    """
    logits = (scores / temperature).masked_fill(~real, _NOTHING)
    negatives = torch.logsumexp(logits.masked_fill(positive, _NOTHING), 1, keepdim=True)
    losses = torch.logaddexp(logits, negatives) - logits
    return (losses * positive).sum(1).div(positive.sum(1).clamp(min=1)).mean()


def listwise_distillation(
    scores: Tensor,
    teacher: Tensor,
    positive: Tensor,
    real: Tensor,
    temperature: float,
    teacher_temperature: float,
    label_weight: Tensor,
) -> Tensor:
    """Kullback-Leibler divergence from the teacher's distribution over the list, mixed with labels where given.

    `label_weight` [lists, 1].
    """
    target = (teacher / teacher_temperature).masked_fill(~real, _NOTHING).softmax(1)
    share = positive / positive.sum(1, keepdim=True).clamp(min=1)
    weight = label_weight * positive.any(1, keepdim=True)
    target = (1 - weight) * target + weight * share
    predicted = (scores / temperature).masked_fill(~real, _NOTHING).log_softmax(1)
    return F.kl_div(predicted, target, reduction="batchmean")


def embedding_distillation(embeddings: Tensor, teacher: Tensor, real: Tensor) -> Tensor:
    """1 − cosine to the teacher's embedding of the same text: [..., width] each, `real` [...]."""
    distance = 1 - F.cosine_similarity(embeddings, teacher, dim=-1)
    return (distance * real).sum() / real.sum().clamp(min=1)


def dispersion(documents: Tensor, real: Tensor, temperature: float = 0.5) -> Tensor:
    """Keeps a list's documents apart: log of the mean of exp(−squared distance / temperature) over its pairs."""
    unit = F.normalize(documents, dim=-1)
    distance = 2 - 2 * unit @ unit.transpose(1, 2)
    pairs = real[:, :, None] & real[:, None, :] & ~torch.eye(real.shape[1], dtype=torch.bool, device=real.device)
    closeness = (-distance / temperature).masked_fill(~pairs, _NOTHING)
    return (closeness.flatten(1).logsumexp(1) - pairs.flatten(1).sum(1).clamp(min=1).log()).mean()


def similarity(documents: Tensor, again: Tensor, real: Tensor) -> Tensor:
    """1 − cosine between a document's embeddings in two orders of its list."""
    return embedding_distillation(documents, again, real)
