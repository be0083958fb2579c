"""The promises, in a real OpenSearch node."""

from tests.engines.suites.search_api import SearchApi


class TestOpenSearch(SearchApi):
    """Every promise that the engines share."""
