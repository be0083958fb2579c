"""Builds the zip, installs it into a real node with the node's own tool, and indexes a corpus of a known order."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch

from tests.engines.articles import index_articles, restored
from tests.engines.engine import Answer, Corpus
from tests.engines.nodes.build import built
from tests.engines.nodes.elasticsearch import ElasticsearchNode, java_home
from tests.engines.vespa.lying_sidecar import LyingSidecar


@dataclass
class ElasticsearchEngine:
    """The suite's requests through the client that users have."""

    client: Elasticsearch
    stats_path: str = "/_lastly/stats"

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request; an error is an answer too."""
        kind = "application/vnd.elasticsearch+x-ndjson" if isinstance(body, list) else "application/json"
        accepted = "application/vnd.elasticsearch+json" if isinstance(body, list) else "application/json"
        kind = f"{kind}; compatible-with=8" if isinstance(body, list) else kind
        accepted = f"{accepted}; compatible-with=8" if isinstance(body, list) else accepted
        sent = {"accept": accepted, "content-type": kind, **(headers or {})}
        try:
            answer = self.client.perform_request(method, path, headers=sent, body=body)
        except ApiError as refused:
            return Answer(refused.meta.status, refused.body, dict(refused.meta.headers))
        return Answer(
            answer.meta.status, answer.body, {name.lower(): text for name, text in answer.meta.headers.items()}
        )


@pytest.fixture(scope="session")
def plugin() -> Path:
    """The built zip."""
    return built("elasticsearch", java_home(), "a JDK of 17 or newer (ES_JAVA_HOME)")


@pytest.fixture(scope="session")
def lying_sidecar() -> Iterator[LyingSidecar]:
    sidecar = LyingSidecar()
    yield sidecar
    sidecar.close()


@pytest.fixture(scope="session")
def node(plugin: Path, lying_sidecar: LyingSidecar) -> Iterator[ElasticsearchNode]:
    """One node for most tests. Set LASTLY_TEST_ELASTICSEARCH to the address of one that runs already."""
    # With assertions on, the engine tracks every reference-counted object, and refuses a hit that was released.
    node = ElasticsearchNode(plugin, {"lastly.breaker.pause": "200ms"}, jvm=("-ea",))
    try:
        yield node.start()
    finally:
        node.close()


@pytest.fixture(scope="session")
def own_node(request: pytest.FixtureRequest) -> ElasticsearchNode | None:
    """The suite's own node; none where one that ran already is used."""
    return None if os.environ.get("LASTLY_TEST_ELASTICSEARCH") else request.getfixturevalue("node")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[ElasticsearchEngine]:
    url = os.environ.get("LASTLY_TEST_ELASTICSEARCH") or request.getfixturevalue("node").url
    client = Elasticsearch(url, request_timeout=30, retry_on_timeout=False, max_retries=0, connections_per_node=32)
    yield ElasticsearchEngine(client)
    client.close()


@pytest.fixture(scope="session")
def indexed(engine: ElasticsearchEngine, lying_sidecar: LyingSidecar) -> Corpus:
    vector = {"type": "dense_vector", "dims": 2, "index": True, "similarity": "l2_norm"}
    return index_articles(engine, lying_sidecar, {"vector": vector})


@pytest.fixture
def corpus(indexed: Corpus) -> Corpus:
    """The corpus as it was: default settings, a truthful sidecar, a closed breaker."""
    return restored(indexed)
