"""`lastly attach|detach|status elasticsearch`, against a real node and the real sidecar."""

from tests.engines.suites.attaching import Attaching


class TestAttach(Attaching):
    """All that wiring both engines has in common."""
