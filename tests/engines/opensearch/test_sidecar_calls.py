"""The calls of the sidecar, in a real node."""

from tests.engines.suites.sidecar_calls import SidecarCalls


class TestSidecarCalls(SidecarCalls):
    """The suite."""
