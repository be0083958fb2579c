"""The promises, in a real Elasticsearch node."""

from tests.engines.suites.search_api import SearchApi


class TestElasticsearch(SearchApi):
    """Every promise that the engines share."""
