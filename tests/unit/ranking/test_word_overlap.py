"""The query's words in a score: which count how much, and what they do to the cosine."""

import numpy as np
import pytest

from lastly.ranking.scoring import blend
from lastly.ranking.steps import finish
from lastly.ranking.word_overlap import overlaps
from lastly.types import WordOverlap


def test_a_text_with_all_words_that_any_holds_has_one_and_a_text_with_none_zero() -> None:
    assert finish(overlaps("Green TEA ceremony?", ["tea, green", "a bicycle"])).tolist() == [1, 0]


def test_a_rare_word_counts_more_than_one_that_most_texts_hold() -> None:
    texts = ["the tea", "the train", "the boat", "the tea house in Uji"]
    common, rare = finish(overlaps("the Uji", texts))[[0, 3]]
    assert common < 0.2
    assert rare == 1


def test_words_count_once_and_whole() -> None:
    once, often, inside = finish(overlaps("tea leaf", ["tea", "tea tea tea", "teapots"]))
    assert once == often == 1
    assert inside == 0


@pytest.mark.parametrize(("query", "texts"), [("?!", ["tea", "leaf"]), ("tea", ["", "  "]), ("tea", ["coffee"])])
def test_where_no_word_is_found_nothing_counts(query: str, texts: list[str]) -> None:
    assert finish(overlaps(query, texts)).tolist() == [0] * len(texts)


def test_the_order_of_the_texts_changes_nothing() -> None:
    texts = [f"tea leaf {number % 3} cup {number % 7}" for number in range(40)]
    forth, back = finish(overlaps("tea 1 cup 5 6 2", texts)), finish(overlaps("tea 1 cup 5 6 2", texts[::-1]))
    assert forth.tolist() == back[::-1].tolist()


def test_of_a_long_text_only_so_much_is_looked_at() -> None:
    near, far = "leaf " * 1_000 + "tea", "leaf " * 4_000 + "tea"
    assert finish(overlaps("tea", [near, far])).tolist() == [1, 0]


def test_a_score_is_the_weighted_mean_of_cosine_and_words() -> None:
    cosines, found = np.array([0.8, 0.4, -1.0], np.float32), np.array([0, 1, 0], np.float32)
    assert blend(cosines, WordOverlap(0.0, found)) == pytest.approx(cosines)
    assert blend(cosines, WordOverlap(0.25, found)) == pytest.approx([0.6, 0.55, -0.75])
    assert blend(cosines, WordOverlap(1.0, found)).tolist() == [0, 1, 0]
