"""What OpenSearch's and Elasticsearch's suites share; each gives `kind`, `plugin`, `node`, `engine`, `indexed`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.engines.articles import restored, use_sidecars
from tests.kit.engines.engine import Corpus, Engine
from tests.kit.engines.kind import Kind
from tests.kit.engines.others import Others
from tests.kit.nodes.search_node import SearchNode
from tests.kit.ports import free_port
from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.sidecars.real import RealSidecar
from tests.kit.waiting import eventually


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


@pytest.fixture
def detached(kind: Kind, corpus: Corpus, engine: Engine) -> Iterator[Corpus]:
    """The corpus as it is before anybody attaches it."""
    assert kind.detach(["--url", engine.url]) == 0
    yield corpus
    use_sidecars(corpus, [corpus.sidecar.url])


@pytest.fixture(scope="module")
def nodes(kind: Kind, plugin: Path) -> Iterator[list[SearchNode]]:
    """Three nodes; the third one only holds data."""
    names, ports = ("node-1", "node-2", "node-3"), tuple(free_port() for _ in range(3))
    made = [
        kind.node(
            plugin,
            {"node.roles": "[data]"} if name == "node-3" else {},
            name=name,
            masters=names[:2],
            seeds=ports[:2],
            transport=port,
            heap="400m",
        )
        for name, port in zip(names, ports, strict=True)
    ]
    try:
        for node in made:
            node.start(wait=False)
        for node in made:
            node.wait()
        yield made
    finally:
        for node in made:
            node.close()


@pytest.fixture
def other(corpus: Corpus) -> Iterator[Others]:
    """Make indices that are removed again."""
    others = Others(corpus.engine)
    yield others
    others.remove()


@pytest.fixture
def own_cluster_as_remote(engine: Engine) -> Iterator[str]:
    """Make the cluster a remote one of its own, which needs no second node; return its name."""
    nodes = engine.request("GET", "/_nodes/_local/transport").body["nodes"].values()
    seeds = [node["transport"]["publish_address"] for node in nodes]
    answer = engine.request("PUT", "/_cluster/settings", {"persistent": {"cluster.remote.itself.seeds": seeds}})
    assert answer.status == 200, answer.body
    assert eventually(lambda: engine.request("GET", "/_remote/info").body["itself"]["connected"])
    yield "itself"
    engine.request("PUT", "/_cluster/settings", {"persistent": {"cluster.remote.itself.*": None}})
