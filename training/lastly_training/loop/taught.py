"""What the teachers say about a batch, computed with it: no text comes twice, so that nothing could be kept."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lastly_training.data.batches import Batch
from lastly_training.data.prepared import Prepared
from lastly_training.loop.objective import Taught
from lastly_training.teachers.teacher import Teacher

_SAMPLE = 2048  # documents, and queries, whose mean is taken for that of all


class TeacherEnsemble:
    """Several teachers, whose embeddings are joined side by side.

    Each teacher's mean is taken out first, since some keep all texts close together; the cosine of two joint embeddings
    is then the mean of the teachers' cosines, to which each brings as much.
    """

    def __init__(self, teachers: Sequence[Teacher], means: Sequence[tuple[Tensor, Tensor]]) -> None:
        self._teachers = teachers
        self._means = means

    @classmethod
    def of(cls, prepared: Prepared, teachers: Sequence[Teacher], device: str) -> "TeacherEnsemble":
        """Measure the teachers' means of documents and of queries."""
        rng = np.random.default_rng(0)
        texts = [
            [rows[int(row)] for row in rng.permutation(len(rows))[:_SAMPLE]]
            for rows in (prepared.documents, prepared.queries)
        ]
        means = []
        for teacher, reading in zip(teachers, prepared.readings, strict=True):
            embedded = teacher.embed_packed(reading.packed(*texts).to(device)).float()
            means.append((embedded[: len(texts[0])].mean(0), embedded[len(texts[0]) :].mean(0)))
        return cls(teachers, means)

    def __call__(self, batch: Batch) -> Taught:
        """Embed a batch's documents and queries."""
        count = int(batch.packed[0].firsts.shape[0]) - len(batch.real)
        found = [
            teacher.embed_packed(packed).float() for teacher, packed in zip(self._teachers, batch.packed, strict=True)
        ]
        documents, queries = (
            joint([embedded[part] for embedded in found], [mean[place] for mean in self._means])
            for place, part in enumerate((slice(count), slice(count, None)))
        )
        placed = documents.new_zeros(*batch.real.shape, documents.shape[1])
        placed[batch.real] = documents
        return Taught(placed, queries)


def joint(embedded: Sequence[Tensor], means: Sequence[Tensor]) -> Tensor:
    """Join the embeddings [texts, width] that several teachers give the same texts: [texts, sum of widths]."""
    apart = [F.normalize(one - mean, dim=-1) for one, mean in zip(embedded, means, strict=True)]
    return torch.cat(apart, 1) / len(apart) ** 0.5
