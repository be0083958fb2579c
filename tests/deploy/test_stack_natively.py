"""The stack's steps, read from its files and done without containers, against the real engines.

Sidecar, engine, seed and lab run under one key, as they do with LASTLY_API_KEY in deploy/docker/lastly.env. What only a
container engine can show (images, networks, users, volumes) is not shown here: `make test-stack` does.
"""

import json
import os
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.deploy.files import ROOT
from tests.deploy.native import KEY, Stack, build_plugin, check_health, node_settings, put_key
from tests.engines.nodes import elasticsearch, opensearch
from tests.engines.nodes.search_node import SearchNode

ENGINES = {
    "opensearch": (opensearch.OpenSearchNode, opensearch.java_home, "/_plugins/_lastly/stats"),
    "elasticsearch": (elasticsearch.ElasticsearchNode, elasticsearch.java_home, "/_lastly/stats"),
}
QUERY = "temporary directory that is deleted afterwards"


def _call(url: str, body: Any = None, key: str = "") -> tuple[Any, dict[str, str]]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        content = response.read().decode()
        parsed = json.loads(content) if "json" in response.headers["Content-Type"] else content
        return parsed, {name.lower(): value for name, value in response.headers.items()}


@dataclass
class Walked:
    """The stack of one profile, up."""

    stack: Stack
    node: SearchNode
    stats_path: str
    seeded: str
    lab: str

    def search(self, **body: Any) -> tuple[list[str], str]:
        """Search as a user of the engine; gives ids and the warning header."""
        asked = {"query": {"match": {"text": QUERY}}, **body}
        answer, headers = _call(f"{self.node.url}/articles/_search", asked)
        return [hit["_id"] for hit in answer["hits"]["hits"]], headers.get("warning", "")

    def reranked(self) -> int:
        """How many searches were reranked so far."""
        return int(next(iter(_call(self.node.url + self.stats_path)[0]["nodes"].values()))["reranked"])


@pytest.fixture(scope="module", params=ENGINES)
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """Bring one engine's profile up, in the order that depends_on gives."""
    service = str(request.param)
    make, java_home, stats_path = ENGINES[service]
    home = java_home()
    if not home or not shutil.which("mvn") or not shutil.which("curl") or os.geteuid() != 0:
        pytest.skip(f"the stack's {service} needs Maven, curl, a JDK that is new enough, and root to start nodes")
    plugin = build_plugin(service, tmp_path_factory.mktemp(service), home)
    stack = Stack()
    node = make(plugin, node_settings(service))
    try:
        put_key(service, node)
        stack.start("sidecar")
        node.start(wait=False)
        check_health(service, node.port)
        stack.addresses[f"{service}:9200"] = f"127.0.0.1:{node.port}"
        seeded = stack.run(f"seed-{service}")
        yield Walked(stack, node, stats_path, seeded, stack.start("lab"))
    finally:
        stack.close()
        node.close()


def test_the_first_search_after_up_is_reranked(walked: Walked) -> None:
    before = walked.reranked()
    ids, warning = walked.search()
    assert warning == ""
    assert walked.reranked() == before + 1
    first_stage, _ = walked.search(ext={"lastly": {"enabled": False}})
    assert ids != first_stage
    assert "articles is attached" in walked.seeded


def test_a_second_up_writes_nothing_and_stays_attached(walked: Walked) -> None:
    assert "there already" in walked.stack.run(f"seed-{walked.node.program}")
    assert walked.search()[1] == ""


def test_the_lab_searches_the_engine_and_names_the_one_that_is_not_in_this_profile(walked: Walked) -> None:
    setup, _ = _call(f"{walked.lab}/lab/api/setup", key=KEY)
    up = [source["up"] for source in setup["sources"]]
    assert sorted(up[:2]) == [False, True]
    body = {"source": up.index(True), "index": "articles", "fields": ["title", "text"], "query": QUERY, "window": 10}
    answer, _ = _call(f"{walked.lab}/lab/api/search", body, key=KEY)
    assert len(answer["reranked"]) == len(answer["first"]) == 10


def test_prometheus_would_find_the_sidecar_s_calls(walked: Walked) -> None:
    job = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"][0]
    target = walked.stack.translated(f"http://{job['static_configs'][0]['targets'][0]}")
    metrics, _ = _call(target + job["metrics_path"])
    counted = [line for line in metrics.splitlines() if line.startswith("lastly_rerank_seconds_count")]
    assert sum(float(line.split()[-1]) for line in counted) > 0
