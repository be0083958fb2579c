"""Shapes on a GPU: few of them, none smaller than what it holds."""

import pytest

from lastly.graph import shapes


@pytest.mark.parametrize("tokens", [1, 63, 64, 65, 1000, 1025, 8192, 8193, 100_000, 131_072])
def test_a_bucket_holds_its_tokens_with_little_padding(tokens: int) -> None:
    length = shapes.padded_length(tokens)
    assert tokens <= length <= max(tokens * 1.125, tokens + 64)
    assert shapes.padded_length(length) == length


def test_every_length_falls_into_a_warm_bucket() -> None:
    warm = shapes.padded_lengths(2048)
    assert {shapes.padded_length(tokens) for tokens in range(1, 2049)} == set(warm)
    assert warm == sorted(warm)


def test_the_last_bucket_ends_where_the_model_does() -> None:
    assert shapes.padded_lengths(1000)[-1] == 1000


@pytest.mark.parametrize("size", range(1, 40))
def test_batches_are_powers_of_two_that_add_up(size: int) -> None:
    parts = shapes.split_batch(size)
    assert sum(parts) == size
    assert all(part & (part - 1) == 0 for part in parts)
    assert len(parts) <= size.bit_length()


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 125])
def test_documents_are_rounded_up(rows: int) -> None:
    assert rows <= shapes.padded_documents(rows) <= max(8, 2 * rows)
