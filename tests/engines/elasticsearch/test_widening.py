"""What a widened search must not change, in a real Elasticsearch node."""

from tests.engines.left_as_asked import LeftAsAsked


class TestLeftAsAsked(LeftAsAsked):
    """What both engines must not change."""
