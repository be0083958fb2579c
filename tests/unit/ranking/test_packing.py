"""The published packing rule."""

from hypothesis import given
from hypothesis import strategies as st

from lastly.ranking.packing import PackingRule, pack

WIDE = PackingRule(maximum_length=131_072, block_size=125, max_doc_length=2_048)


def _sizes(lengths: list[int], query_length: int, rule: PackingRule) -> list[int]:
    return [len(block) for block in pack(lengths, query_length, rule)]


def test_no_documents_make_no_block() -> None:
    assert pack([], 10, WIDE) == []


def test_a_block_is_closed_at_its_size() -> None:
    assert _sizes([1] * 125, 10, WIDE) == [125]
    assert _sizes([1] * 126, 10, WIDE) == [125, 1]
    assert _sizes([1] * 300, 10, WIDE) == [125, 125, 50]


def test_a_block_is_closed_when_the_next_document_might_not_fit() -> None:
    rule = PackingRule(maximum_length=1_000, block_size=125, max_doc_length=200)
    # 1000 - 2*50 = 900; after seven documents of 100 there are 200 left, which is <= 200.
    assert _sizes([100] * 10, 50, rule) == [7, 3]


def test_a_document_limit_beyond_the_budget_gives_every_document_a_block_of_its_own() -> None:
    assert _sizes([5, 5, 5], 10, PackingRule(100, 125, 5_000)) == [1, 1, 1]


@given(st.lists(st.integers(0, 300)), st.integers(0, 200), st.integers(1, 3_000), st.integers(1, 20))
def test_every_document_is_in_one_block_in_order(lengths: list[int], query: int, budget: int, size: int) -> None:
    blocks = pack(lengths, query, PackingRule(budget, size, 300))
    assert [place for block in blocks for place in block] == list(range(len(lengths)))
    assert all(0 < len(block) <= size for block in blocks)
