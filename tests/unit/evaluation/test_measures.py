"""Measures and their significance."""

import random

import pytest

from lastly.evaluation.measures import measure
from lastly.evaluation.significance import compare_paired


def test_measures_agree_with_their_definitions() -> None:
    values = measure({"1": ["a", "b", "c"], "2": []}, {"1": {"b": 1, "z": 1}, "2": {"a": 1}})
    assert values["RR@10"] == {"1": 0.5, "2": 0.0}
    assert values["R@10"] == {"1": 0.5, "2": 0.0}
    assert values["nDCG@10"]["1"] == pytest.approx(0.6309 / 1.6309, abs=1e-4)


def test_many_small_gains_are_significant_and_noise_is_not() -> None:
    random_ = random.Random(1)
    before = [random_.random() for _ in range(80)]
    gained = compare_paired(before, [value + 0.05 + random_.gauss(0, 0.05) for value in before])
    noise = compare_paired(before, [value + random_.gauss(0, 0.2) for value in before])
    assert gained.p_randomisation < 0.01
    assert gained.p_t < 0.01
    assert gained.low > 0
    assert noise.low < 0 < noise.high
    assert noise.p_randomisation == pytest.approx(noise.p_t, abs=0.05)


def test_equal_systems_do_not_differ() -> None:
    one = compare_paired([0.1], [0.9])
    assert (one.wins, one.p_randomisation, one.p_t) == (1, 1.0, 1.0)
    same = compare_paired([0.1, 0.5, 0.9], [0.1, 0.5, 0.9])
    assert (same.mean, same.p_t, same.p_randomisation, same.ties) == (0.0, 1.0, 1.0, 3)
