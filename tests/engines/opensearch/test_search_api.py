"""The promises, in a real OpenSearch node."""

from tests.engines.promises import Promises


class TestOpenSearch(Promises):
    """Every promise that the engines share."""
