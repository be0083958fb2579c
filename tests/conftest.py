"""Fixtures of more than one folder, so that each exists once: a second Playwright in one process does not start."""

import pytest

from tests.kit.browser import browser, page
from tests.kit.processes.guard import end_in_order_on_sigterm, guarded

__all__ = ["browser", "page"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have everything end with this run, whatever ends it; a signal lets fixtures take down what they set up."""
    guarded()
    end_in_order_on_sigterm()
