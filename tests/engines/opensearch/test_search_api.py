"""The promises, in a real OpenSearch node."""

from tests.engines.suites.search_api import Promises


class TestOpenSearch(Promises):
    """Every promise that the engines share."""
