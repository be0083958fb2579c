"""The promises, in a real Elasticsearch node."""

from tests.engines.suites.search_api import Promises


class TestElasticsearch(Promises):
    """Every promise that the engines share."""
