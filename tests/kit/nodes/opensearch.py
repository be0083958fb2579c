"""One OpenSearch node: its distribution and plugins from Maven Central, the built plugin, loopback only."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from tests.kit.nodes import java
from tests.kit.nodes.build import built_for, version
from tests.kit.nodes.central import MissingArtifactError, artifact
from tests.kit.nodes.search_node import SearchNode

VERSION = version("opensearch")
# ml-commons and what it needs, in the order in which the tool takes them; the last one is 390 MB.
ML_PLUGINS = ("opensearch-job-scheduler", "opensearch-knn", "neural-search", "opensearch-ml-plugin")


def java_home() -> str | None:
    """Return the JDK that runs the node and builds its plugin: OPENSEARCH_JAVA_HOME, or one that is installed."""
    return java.java_home(21, "OPENSEARCH_JAVA_HOME")


def engine_plugin(name: str) -> Path:
    """Return the zip of one of OpenSearch's own plugins; skip where a version other than ours has none."""
    try:
        return artifact(f"org.opensearch.plugin:{name}:{VERSION}.0:zip")
    except MissingArtifactError:
        if built_for("opensearch") == VERSION:
            raise
        pytest.skip(f"Maven Central has no {name} {VERSION}.0")


@dataclass
class OpenSearchNode(SearchNode):
    """A node of OpenSearch, without its security plugin."""

    program: ClassVar[str] = "opensearch"
    first_masters: ClassVar[str] = "cluster.initial_cluster_manager_nodes"
    variables: ClassVar[dict[str, str]] = {"java": "OPENSEARCH_JAVA_HOME", "temporary": "OPENSEARCH_TMPDIR"}

    def distribution(self) -> Path:
        """Return the zip of the engine."""
        return artifact(f"org.opensearch.distribution.integ-test-zip:opensearch:{VERSION}:zip")

    def java_home(self) -> str:
        """Return the JDK that runs the node."""
        return java_home() or ""
