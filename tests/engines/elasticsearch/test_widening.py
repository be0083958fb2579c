"""What a widened search must not change, in a real Elasticsearch node."""

from tests.engines.suites.widening import LeftAsAsked


class TestLeftAsAsked(LeftAsAsked):
    """What both engines must not change."""
