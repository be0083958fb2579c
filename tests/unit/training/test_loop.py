"""Losses and the metric."""

import numpy as np
import pytest
import torch

from lastly_training.data.metrics import ndcg
from lastly_training.loop import losses


def test_ndcg_is_one_for_the_ideal_order_and_counts_places() -> None:
    gains = {7: 2.0, 8: 1.0}
    assert ndcg([7, 8, 9], gains) == pytest.approx(1)
    assert ndcg([9, 7, 8], gains) == pytest.approx((2 / np.log2(3) + 1 / 2) / (2 + 1 / np.log2(3)))
    assert ndcg([9], {9: 0.0}) == 0


def test_the_contrastive_loss_falls_when_the_relevant_document_leads() -> None:
    positive, real = torch.tensor([[True, False, False]]), torch.ones(1, 3, dtype=torch.bool)
    good = losses.info_nce(torch.tensor([[0.9, 0.1, 0.0]]), positive, real, 0.05)
    bad = losses.info_nce(torch.tensor([[0.1, 0.9, 0.0]]), positive, real, 0.05)
    assert good < 0.01 < bad


def test_padding_does_not_change_the_distillation_loss() -> None:
    scores, teacher = torch.tensor([[0.3, 0.1, 0.7]]), torch.tensor([[0.5, 0.2, 0.9]])
    positive = torch.zeros(1, 3, dtype=torch.bool)
    weight = torch.tensor([[0.5]])
    real = torch.tensor([[True, True, False]])
    cut = losses.listwise_distillation(scores[:, :2], teacher[:, :2], positive[:, :2], real[:, :2], 0.05, 0.05, weight)
    assert losses.listwise_distillation(scores, teacher, positive, real, 0.05, 0.05, weight) == pytest.approx(cut)
