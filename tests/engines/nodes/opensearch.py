"""One OpenSearch node: its distribution and plugins from Maven Central, the built plugin, loopback only."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.engines.nodes import java
from tests.engines.nodes.build import version
from tests.engines.nodes.central import artifact
from tests.engines.nodes.search_node import SearchNode

VERSION = version("opensearch")
# ml-commons and what it needs, in the order in which the tool takes them; the last one is 390 MB.
ML_PLUGINS = ("opensearch-job-scheduler", "opensearch-knn", "neural-search", "opensearch-ml-plugin")


def java_home() -> str | None:
    """Give the JDK that runs the node and builds its plugin: OPENSEARCH_JAVA_HOME, or one that is installed."""
    return java.java_home(21, "OPENSEARCH_JAVA_HOME")


def engine_plugin(name: str) -> Path:
    """Give the zip of one of OpenSearch's own plugins."""
    return artifact(f"org.opensearch.plugin:{name}:{VERSION}.0:zip")


@dataclass
class OpenSearchNode(SearchNode):
    """A node of OpenSearch, without its security plugin."""

    program: ClassVar[str] = "opensearch"
    first_masters: ClassVar[str] = "cluster.initial_cluster_manager_nodes"
    variables: ClassVar[dict[str, str]] = {"java": "OPENSEARCH_JAVA_HOME", "temporary": "OPENSEARCH_TMPDIR"}

    def distribution(self) -> Path:
        """Give the zip of the engine."""
        return artifact(f"org.opensearch.distribution.integ-test-zip:opensearch:{VERSION}:zip")

    def java_home(self) -> str:
        """Give the JDK that runs the node."""
        return java_home() or ""
