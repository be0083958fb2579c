"""Which blocks share a run where a device gains from it."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lastly.ranking.reranker import Reranker
from lastly.scheduling.batching import choose_batch, fill_ratio
from lastly.scheduling.jobs import Job, Ticket
from lastly.types import Encoding, Query, Truncation


@pytest.fixture(scope="module")
def reranker(small_model: Path) -> Reranker:
    return Reranker.load(small_model)


def ticket(reranker: Reranker, *lengths: int) -> Ticket:
    future: Any = asyncio.Future(loop=asyncio.new_event_loop())
    made = Ticket(Job(reranker, Query("q"), [], Truncation(1, 1), 0.0, 0.0), 0, future)
    made.encoded([Encoding(np.zeros(length, np.int64), np.zeros(1, np.int64), 0) for length in lengths])
    return made


def lengths(tickets: list[Ticket], max_batch: int = 32, max_tokens: int = 1000) -> list[int]:
    return [block.length for block in choose_batch(tickets, max_batch, max_tokens)]


def test_where_a_device_takes_one_block_the_first_runs_alone(reranker: Reranker) -> None:
    assert lengths([ticket(reranker, 100), ticket(reranker, 100)], max_batch=1) == [100]


def test_blocks_of_like_length_share_a_run_across_calls(reranker: Reranker) -> None:
    assert lengths([ticket(reranker, 100, 90), ticket(reranker, 60), ticket(reranker, 10)]) == [100, 90, 60]


def test_padding_counts_against_the_token_budget(reranker: Reranker) -> None:
    tickets = [ticket(reranker, 100), ticket(reranker, 199), ticket(reranker, 100)]
    assert lengths(tickets, max_tokens=350) == [100, 100]


def test_a_block_over_the_budget_runs_alone(reranker: Reranker) -> None:
    assert lengths([ticket(reranker, 5000), ticket(reranker, 5000)]) == [5000]


def test_models_never_share_a_run(reranker: Reranker, small_model: Path) -> None:
    assert lengths([ticket(reranker, 100), ticket(Reranker.load(small_model), 100)]) == [100]


def test_fill_is_the_share_that_is_no_padding(reranker: Reranker) -> None:
    assert fill_ratio(choose_batch([ticket(reranker, 100, 50)], 2, 1000)) == pytest.approx(0.75)
