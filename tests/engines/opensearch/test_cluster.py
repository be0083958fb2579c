"""Clusters of real OpenSearch nodes."""

from tests.engines.suites.cluster_life import ClusterLife


class TestCluster(ClusterLife):
    """What both engines live through."""
