"""Fixtures of more than one folder, so that each exists once: a second Playwright in one process does not start."""

import logging
from collections.abc import Iterator

import pytest

from lastly.logs import JsonLines, TextLines
from tests.kit.browser import browser, page
from tests.kit.processes.guard import end_in_order_on_sigterm, guarded

__all__ = ["browser", "page"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have everything end with this run, whatever ends it; a signal lets fixtures take down what they set up."""
    guarded()
    end_in_order_on_sigterm()


@pytest.fixture(autouse=True)
def _no_log_beyond_its_test() -> Iterator[None]:
    """Take the log of a sidecar that ran in this process away: it writes to a stream that ends with the test."""
    level = logging.getLogger().level
    yield
    for handler in [each for each in logging.getLogger().handlers if isinstance(each.formatter, JsonLines | TextLines)]:
        logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel(level)
