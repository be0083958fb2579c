"""One Elasticsearch node: its distribution from Maven Central, the built plugin, loopback only, security off."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.engines.nodes import java
from tests.engines.nodes.central import artifact
from tests.engines.nodes.search_node import SearchNode

VERSION = "8.19.21"


def java_home() -> str | None:
    """Give the JDK that runs the node: ES_JAVA_HOME, or one that is installed."""
    return java.java_home(17, "ES_JAVA_HOME")


@dataclass
class ElasticsearchNode(SearchNode):
    """A node of Elasticsearch."""

    program: ClassVar[str] = "elasticsearch"
    first_masters: ClassVar[str] = "cluster.initial_master_nodes"
    variables: ClassVar[dict[str, str]] = {"java": "ES_JAVA_HOME", "temporary": "ES_TMPDIR"}

    def __post_init__(self) -> None:
        self.settings = {"xpack.security.enabled": "false", **self.settings}
        super().__post_init__()

    def distribution(self) -> Path:
        """Give the zip of the engine."""
        return artifact(f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip")

    def java_home(self) -> str:
        """Give the JDK that runs the node."""
        return java_home() or ""
