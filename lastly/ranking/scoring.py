"""From embeddings to scores: cosine, the query embedding fused from several blocks, word overlap blended in."""

from collections.abc import Sequence

import numpy as np

from lastly.errors import ModelOutputError
from lastly.types import BlockEmbeddings, FloatArray, WordOverlap

_EPSILON = np.float32(1e-8)  # keeps the cosine of a zero vector at 0


def cosine(query: FloatArray, documents: FloatArray) -> FloatArray:
    """Return the cosine of `query` [width] with each row of `documents` [documents, width], in fp32."""
    norms = np.linalg.norm(documents, axis=-1) * np.linalg.norm(query)
    scores: FloatArray = (documents @ query) / np.maximum(norms, _EPSILON)
    return scores.astype(np.float32, copy=False)


def fuse(blocks: Sequence[BlockEmbeddings]) -> BlockEmbeddings:
    """Join blocks: all their documents, and a weighted average of their query embeddings.

    A block's query embedding (not normalised) is weighted by its best document's (1 + cosine) / 2, as published. Where
    every weight is 0 (each document opposite to its query) the average is plain. Raises ModelOutputError.
    """
    documents = np.concatenate([block.documents for block in blocks])
    queries = np.stack([block.query for block in blocks])
    if not (np.isfinite(documents).all() and np.isfinite(queries).all()):
        raise ModelOutputError("the model gave embeddings that are not finite; check the model folder's dtype")
    weights = np.array([(1 + cosine(block.query, block.documents).max()) / 2 for block in blocks], np.float32)
    if weights.sum() <= _EPSILON:
        weights = np.ones_like(weights)
    return BlockEmbeddings(documents, np.average(queries, axis=0, weights=weights).astype(np.float32))


def blend(cosines: FloatArray, overlap: WordOverlap) -> FloatArray:
    """Return the weighted mean of each document's cosine and word overlap [documents], in fp32."""
    weight = np.float32(overlap.weight)
    scores: FloatArray = (1 - weight) * cosines + weight * overlap.matches
    return scores


def order(scores: FloatArray) -> list[int]:
    """Return the indices of `scores` [documents] from best to worst; equal scores keep their order."""
    places: list[int] = np.argsort(-scores, kind="stable").tolist()
    return places
