"""Faults of the sidecar, in a real Elasticsearch node."""

from tests.engines.suites.faults import Faults


class TestFaults(Faults):
    """Every fault that both engines meet."""
