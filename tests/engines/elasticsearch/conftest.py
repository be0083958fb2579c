"""Builds the zip, installs it into a real node with the node's own tool, and indexes a corpus of a known order."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch

from tests.engines.engine import Answer, Corpus
from tests.engines.nodes.elasticsearch import ElasticsearchNode, java_home
from tests.engines.promises import eventually
from tests.engines.vespa.lying_sidecar import LyingSidecar

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "plugin"
INDEX = "articles"
DEFAULTS: dict[str, Any] = {"fields": ["title", "body"], "enabled": True, "timeout": "5s"}


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
    """Build the zip; a JDK or Maven that is missing skips, a build that fails fails."""
    maven = shutil.which("mvn")
    if not maven or not java_home():
        pytest.skip("Elasticsearch's tests need Maven and a JDK of 17 or newer (ES_JAVA_HOME)")
    if os.geteuid() != 0:
        pytest.skip("Elasticsearch's tests start nodes as another user, which needs root")
    built = subprocess.run(
        [maven, "-q", "-B", "-ntp", "package"], cwd=PLUGIN, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout[-4000:]
    return next((PLUGIN / "elasticsearch" / "target").glob("lastly-elasticsearch-*.zip"))


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
    """Two shards whose documents score differently, so that the first stage's order is one and the same."""
    corpus = Corpus(engine, lying_sidecar, INDEX)
    engine.request("PUT", "/_cluster/settings", {"persistent": {"lastly.sidecar.urls": [lying_sidecar.url]}})
    engine.request("DELETE", f"/{INDEX}")
    properties = {
        "title": {"type": "text"},
        "body": {"type": "text"},
        "group": {"type": "keyword"},
        "number": {"type": "integer"},
        "vector": {"type": "dense_vector", "dims": 2, "index": True, "similarity": "l2_norm"},
    }
    made = engine.request(
        "PUT",
        f"/{INDEX}",
        {
            "settings": {"index.number_of_shards": 2, "index.number_of_replicas": 0},
            "mappings": {"properties": properties},
        },
    )
    assert made.status == 200, made.body
    lines: list[Any] = []
    for number in range(120):
        filler = " ".join(f"w{number}x{i}" for i in range(number))
        document = {
            "title": f"Article {number}",
            "body": f"apple {filler}",
            "group": f"g{number % 5}",
            "number": number,
            "vector": [1.0, number / 10],
        }
        lines += [{"index": {"_index": INDEX, "_id": str(number)}}, document]
    assert engine.request("POST", "/_bulk?refresh=true", lines).body["errors"] is False
    return corpus


@pytest.fixture
def corpus(indexed: Corpus) -> Corpus:
    """The corpus as it was: default settings, a truthful sidecar, a closed breaker."""
    cleared = dict.fromkeys(["window_size", "on_failure", "model", "instruction", "max_doc_tokens", "mode", "explain"])
    answer = indexed.configure(**cleared, **DEFAULTS)
    assert answer.status == 200, answer.body
    indexed.sidecar.reset()
    _close_breaker(indexed)
    indexed.sidecar.reset()
    return indexed


def _close_breaker(corpus: Corpus) -> None:
    def closed() -> bool:
        corpus.search()
        return bool(corpus.counts()["breaker"] == "closed")

    assert eventually(closed)
