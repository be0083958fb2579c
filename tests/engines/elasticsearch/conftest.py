"""Builds the zip, installs it into a real node with the node's own tool, and indexes a corpus of a known order."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lastly_integrations.elasticsearch import cli
from tests.kit.engines.articles import index_articles
from tests.kit.engines.elasticsearch import ElasticsearchEngine
from tests.kit.engines.engine import Corpus, Engine
from tests.kit.engines.kind import Kind
from tests.kit.nodes.build import built
from tests.kit.nodes.elasticsearch import PROFILE, VERSION, ElasticsearchNode, java_home
from tests.kit.sidecars.lying import LyingSidecar

QUICK_BREAKER = {"lastly.breaker.pause": "200ms"}
VECTOR = {"type": "dense_vector", "dims": 2, "index": True, "similarity": "l2_norm"}


def _open_point_in_time(engine: Engine, index: str) -> str:
    opened = engine.request("POST", f"/{index}/_pit?keep_alive=1m")
    assert opened.status == 200, opened.body
    return str(opened.body["id"])


@pytest.fixture(scope="session")
def kind() -> Kind:
    """What the shared suites need to know."""
    return Kind(ElasticsearchNode, ElasticsearchEngine, cli.attach, cli.status, cli.detach, VECTOR, _open_point_in_time)


@pytest.fixture(scope="session")
def plugin() -> Path:
    """The built zip."""
    return built("elasticsearch", VERSION, java_home(), "a JDK of 17 or newer (ES_JAVA_HOME)", *PROFILE)


@pytest.fixture(scope="session")
def node(plugin: Path) -> Iterator[ElasticsearchNode]:
    """One node for most tests."""
    # With assertions on, the engine tracks every reference-counted object, and refuses a hit that was released.
    node = ElasticsearchNode(plugin, QUICK_BREAKER, jvm=("-ea",))
    try:
        node.start()
        yield node
    finally:
        node.close()


@pytest.fixture(scope="session")
def own_node(request: pytest.FixtureRequest) -> ElasticsearchNode | None:
    """The suite's own node; none where one that ran already is used."""
    return None if os.environ.get("LASTLY_TEST_ELASTICSEARCH") else request.getfixturevalue("node")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[ElasticsearchEngine]:
    """The node's client. Set LASTLY_TEST_ELASTICSEARCH to the address of a node that runs already."""
    engine = ElasticsearchEngine(os.environ.get("LASTLY_TEST_ELASTICSEARCH") or request.getfixturevalue("node").url)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def indexed(kind: Kind, engine: ElasticsearchEngine, lying_sidecar: LyingSidecar) -> Corpus:
    return index_articles(engine, lying_sidecar, kind.vector)


@pytest.fixture
def plain(corpus: Corpus) -> Corpus:
    """The corpus, its index not enabled: only the retriever reranks."""
    corpus.configure(enabled=False)
    return corpus
