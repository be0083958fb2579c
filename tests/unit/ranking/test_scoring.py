"""Cosines, the fused query, the order."""

import numpy as np
import pytest

from lastly.errors import ModelOutputError
from lastly.ranking.scoring import cosine, fuse, order
from lastly.types import BlockEmbeddings


def _block(query: list[float], *documents: list[float]) -> BlockEmbeddings:
    return BlockEmbeddings(np.array(documents, np.float32), np.array(query, np.float32))


def test_a_cosine_does_not_depend_on_lengths() -> None:
    block = _block([2, 0], [5, 0], [0, 3], [-1, 0])
    assert cosine(block.query, block.documents).tolist() == [1, 0, -1]


def test_a_zero_vector_scores_zero() -> None:
    assert cosine(np.zeros(2, np.float32), np.ones((1, 2), np.float32)).tolist() == [0]


def test_one_block_keeps_its_own_query() -> None:
    assert fuse([_block([3, 4], [1, 0])]).query.tolist() == [3, 4]


def test_several_queries_are_averaged_unnormalised_by_their_best_document() -> None:
    # The first block's best cosine is 1 (weight 1), the second's is 0 (weight 1/2).
    fused = fuse([_block([2, 0], [1, 0], [0, 1]), _block([0, 8], [1, 0])])
    assert fused.query == pytest.approx([4 / 3, 8 / 3])
    assert fused.documents.tolist() == [[1, 0], [0, 1], [1, 0]]


def test_weights_that_are_all_zero_give_a_plain_average() -> None:
    assert fuse([_block([1, 0], [-1, 0]), _block([0, 1], [0, -1])]).query.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_embeddings_that_are_not_finite_are_an_error(bad: float) -> None:
    with pytest.raises(ModelOutputError, match="not finite"):
        fuse([_block([1, 0], [bad, 0])])


def test_equal_scores_keep_the_first_stage_order() -> None:
    assert order(np.array([0.1, 0.5, 0.1, 0.5], np.float32)) == [1, 3, 0, 2]
