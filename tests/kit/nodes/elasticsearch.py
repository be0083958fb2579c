"""One Elasticsearch node: what Maven Central has of its distribution, the built plugin, loopback only, security off."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.kit.nodes import java
from tests.kit.nodes.assembled import assembled
from tests.kit.nodes.build import version
from tests.kit.nodes.central import artifact
from tests.kit.nodes.search_node import SearchNode

VERSION = version("elasticsearch")
NINE = VERSION.startswith("9.")
PROFILE = ["-P", "elasticsearch-9"] if NINE else []


def java_home() -> str | None:
    """Return the JDK that runs the node: ES_JAVA_HOME, or one that is installed."""
    return java.java_home(21 if NINE else 17, "ES_JAVA_HOME")


@dataclass
class ElasticsearchNode(SearchNode):
    """A node of Elasticsearch."""

    program: ClassVar[str] = "elasticsearch"
    first_masters: ClassVar[str] = "cluster.initial_master_nodes"
    variables: ClassVar[dict[str, str]] = {"java": "ES_JAVA_HOME", "temporary": "ES_TMPDIR"}

    def __post_init__(self) -> None:
        if not NINE:  # whose assembled distribution has no security to switch off
            self.settings = {"xpack.security.enabled": "false", **self.settings}
        super().__post_init__()

    def distribution(self) -> Path:
        """Return the zip of the engine."""
        if NINE:
            return assembled(VERSION)
        return artifact(f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip")

    def java_home(self) -> str:
        """Return the JDK that runs the node."""
        return java_home() or ""
