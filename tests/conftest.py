"""Fixtures of more than one folder, so that each exists once: a second Playwright in one process does not start."""

from tests.kit.browser import browser, page

__all__ = ["browser", "page"]
