"""Builds the zip, installs it into a real node with the node's own tool, and indexes a corpus of a known order."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.articles import index_articles, restored, use_sidecars
from tests.engines.engine import Corpus
from tests.engines.nodes.build import built
from tests.engines.nodes.opensearch import OpenSearchNode, java_home
from tests.engines.opensearch.client import OpenSearchEngine
from tests.engines.opensearch.real_sidecar import RealSidecar
from tests.engines.vespa.lying_sidecar import LyingSidecar

QUICK_BREAKER = {"lastly.breaker.pause": "200ms"}


@pytest.fixture(scope="session")
def plugin() -> Path:
    """The built zip."""
    return built("opensearch", java_home(), "a JDK of 21 or newer (OPENSEARCH_JAVA_HOME)")


@pytest.fixture(scope="session")
def lying_sidecar() -> Iterator[LyingSidecar]:
    sidecar = LyingSidecar()
    yield sidecar
    sidecar.close()


@pytest.fixture(scope="session")
def real_sidecar() -> Iterator[RealSidecar]:
    """The real sidecar with the embedded model."""
    sidecar = RealSidecar()
    sidecar.start()
    yield sidecar
    sidecar.close()


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
def engine(request: pytest.FixtureRequest) -> Iterator[OpenSearchEngine]:
    """The node's client. Set LASTLY_TEST_OPENSEARCH to the address of a node that runs already."""
    engine = OpenSearchEngine(os.environ.get("LASTLY_TEST_OPENSEARCH") or request.getfixturevalue("node").url)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def indexed(engine: OpenSearchEngine, lying_sidecar: LyingSidecar) -> Corpus:
    return index_articles(engine, lying_sidecar, {"vector": {"type": "float"}})


@pytest.fixture
def corpus(indexed: Corpus) -> Corpus:
    """The corpus as it was: default settings, a truthful sidecar, a closed breaker."""
    return restored(indexed)


@pytest.fixture
def really_reranked(corpus: Corpus, real_sidecar: RealSidecar) -> Iterator[Corpus]:
    """The corpus with the real sidecar behind it."""
    use_sidecars(corpus, [real_sidecar.url])
    corpus.configure(window_size=5, timeout="20s")
    yield corpus
    use_sidecars(corpus, [corpus.sidecar.url])
