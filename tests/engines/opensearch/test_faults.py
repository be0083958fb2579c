"""Faults of the sidecar, in a real OpenSearch node."""

from tests.engines.faults import Faults


class TestFaults(Faults):
    """Every fault that both engines meet."""
