"""Fixtures of more than one folder, so that each exists once: a second Playwright in one process does not start."""

from tests.browser import browser, page

__all__ = ["browser", "page"]
