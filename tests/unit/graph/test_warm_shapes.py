"""Runs take tight shapes where these are warm, and ask for them where they are not."""

from lastly.graph import shapes
from lastly.graph.warm_shapes import WarmShapes


def warm(*given: tuple[int, int]) -> WarmShapes:
    found = WarmShapes(131072)
    for shape in given:
        found.ran(shape)
    return found


def test_a_list_takes_the_coarse_shape_that_is_warm_until_its_own_is() -> None:
    found = warm((1, 2816))
    assert found.runs([2570]) == [(1, 2816)]
    assert found.wanted() == (1, 2624)
    assert found.wanted() is None
    found.ran((1, 2624))
    assert found.runs([2570]) == [(1, 2624)]


def test_where_nothing_is_warm_the_tight_shape_is_run() -> None:
    assert warm().runs([2570]) == [(1, 2624)]


def test_eleven_lists_run_together_once_that_shape_is_warm() -> None:
    lengths = [2500] * 10 + [2570]
    found = warm((8, 2560), (2, 2560), (1, 2816))
    assert found.runs(lengths) == [(8, 2560), (2, 2560), (1, 2816)]
    assert found.wanted() in {(11, 2624), (1, 2624)}
    found.ran((11, 2624))
    assert found.runs(lengths) == [(11, 2624)]


def test_what_is_asked_for_most_is_warmed_first() -> None:
    found = warm((1, 2816), (1, 5120))
    found.runs([4700])
    for _ in range(3):
        found.runs([2570])
    assert found.wanted() == (1, 2624)
    assert found.wanted() == (1, shapes.tight_length(4700))


def test_wishes_are_bounded() -> None:
    found = WarmShapes(1 << 30)
    for tokens in range(2**20, 2**24, 2**15):
        found.ran((1, shapes.padded_length(tokens)))
        found.runs([tokens])
    count = 0
    while found.wanted():
        count += 1
    assert 0 < count <= 256


def test_no_row_is_longer_than_the_model_can_read() -> None:
    assert WarmShapes(1000).runs([990]) == [(1, 1000)]
