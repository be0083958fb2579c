"""Builds the zip, installs it into a real node with the node's own tool, and indexes a corpus of a known order."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lastly_integrations.opensearch import cli
from tests.kit.engines.articles import index_articles
from tests.kit.engines.engine import Corpus, Engine
from tests.kit.engines.kind import Kind
from tests.kit.engines.opensearch import OpenSearchEngine
from tests.kit.nodes.build import built
from tests.kit.nodes.opensearch import VERSION, OpenSearchNode, java_home
from tests.kit.sidecars.lying import LyingSidecar

QUICK_BREAKER = {"lastly.breaker.pause": "200ms"}


def _open_point_in_time(engine: Engine, index: str) -> str:
    opened = engine.request("POST", f"/{index}/_search/point_in_time?keep_alive=1m")
    assert opened.status == 200, opened.body
    return str(opened.body["pit_id"])


@pytest.fixture(scope="session")
def kind() -> Kind:
    """What the shared suites need to know."""
    return Kind(
        OpenSearchNode, OpenSearchEngine, cli.attach, cli.status, cli.detach, {"type": "float"}, _open_point_in_time
    )


@pytest.fixture(scope="session")
def plugin() -> Path:
    """The built zip."""
    return built("opensearch", VERSION, java_home(), "a JDK of 21 or newer (OPENSEARCH_JAVA_HOME)")


@pytest.fixture(scope="session")
def node(plugin: Path) -> Iterator[OpenSearchNode]:
    """One node for most tests, its assertions on."""
    node = OpenSearchNode(plugin, QUICK_BREAKER, jvm=("-ea",))
    try:
        node.start()
        yield node
    finally:
        node.close()


@pytest.fixture(scope="session")
def own_node(request: pytest.FixtureRequest) -> OpenSearchNode | None:
    """The suite's own node; none where one that ran already is used."""
    return None if os.environ.get("LASTLY_TEST_OPENSEARCH") else request.getfixturevalue("node")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[OpenSearchEngine]:
    """The node's client. Set LASTLY_TEST_OPENSEARCH to the address of a node that runs already."""
    engine = OpenSearchEngine(os.environ.get("LASTLY_TEST_OPENSEARCH") or request.getfixturevalue("node").url)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def indexed(kind: Kind, engine: OpenSearchEngine, lying_sidecar: LyingSidecar) -> Corpus:
    return index_articles(engine, lying_sidecar, kind.vector)
