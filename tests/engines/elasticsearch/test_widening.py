"""What a widened search must not change, in a real Elasticsearch node."""

from tests.engines.suites.widening import Widening


class TestWidening(Widening):
    """What both engines must not change."""
