"""The promises, in a real Elasticsearch node."""

from tests.engines.promises import Promises


class TestElasticsearch(Promises):
    """Every promise that the engines share."""
