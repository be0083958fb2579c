"""What a sidecar and large documents may not do to a small Elasticsearch node."""

from tests.engines.suites.harm import Harm, small, small_node

__all__ = ["small", "small_node"]


class TestHarm(Harm):
    """Every case that both engines meet."""
