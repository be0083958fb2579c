"""The stack's steps, read from its files and done without containers, against the real engines.

Sidecar, engine, seed and lab run under one key, as they do with LASTLY_API_KEY in deploy/docker/lastly.env. What only a
container engine can show (images, networks, users, volumes) is not shown here: `make test-stack` does.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.files import ROOT
from tests.deploy.native import KEY, Stack, build_plugin, check_health, node_settings, put_key
from tests.kit.nodes import elasticsearch, opensearch
from tests.kit.nodes.search_node import SearchNode

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

    def counted(self, what: str) -> int:
        """How many searches were counted as that so far."""
        return int(next(iter(_call(self.node.url + self.stats_path)[0]["nodes"].values()))[what])

    def configure(self, **settings: str | None) -> None:
        """Set the index's settings by their short names."""
        body = {f"index.lastly.{name}": value for name, value in settings.items()}
        asked = urllib.request.Request(
            f"{self.node.url}/articles/_settings",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method="PUT",
        )
        with urllib.request.urlopen(asked, timeout=60) as response:
            assert response.status == 200


@pytest.fixture(scope="module", params=ENGINES)
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """Bring one engine's profile up, in the order that depends_on gives."""
    service = str(request.param)
    make, java_home, stats_path = ENGINES[service]
    home = java_home()
    if not home or not shutil.which("mvn") or not shutil.which("curl"):
        pytest.skip(f"the stack's {service} needs Maven, curl and a JDK that is new enough")
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
        stack.start("exporter")
        yield Walked(stack, node, stats_path, seeded, stack.start("lab"))
    finally:
        stack.close()
        node.close()


def test_the_first_search_after_up_is_reranked(walked: Walked) -> None:
    before = walked.counted("reranked")
    ids, warning = walked.search()
    assert warning == ""
    assert walked.counted("reranked") == before + 1
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


def _scraped(walked: Walked) -> str:
    """What Prometheus reads where its configuration says."""
    jobs = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    scraped = ""
    for job in jobs:
        target = walked.stack.translated(f"http://{job['static_configs'][0]['targets'][0]}")
        scraped += str(_call(target + job["metrics_path"])[0])
    return scraped


def test_prometheus_would_find_the_sidecar_s_calls(walked: Walked) -> None:
    counted = [line for line in _scraped(walked).splitlines() if line.startswith("lastly_rerank_seconds_count")]
    assert sum(float(line.split()[-1]) for line in counted) > 0


def test_prometheus_would_find_what_the_engine_counted(walked: Walked) -> None:
    families = {family.name: family for family in text_string_to_metric_families(_scraped(walked))}
    up = {sample.labels["engine"]: sample.value for sample in families["lastly_engine_up"].samples}
    assert up[walked.node.url] == 1
    assert sorted(up.values()) == [0, 1]  # the other engine is not in this profile
    counted = {sample.labels["outcome"]: sample.value for sample in families["lastly_engine_searches"].samples}
    assert counted["reranked"] == walked.counted("reranked") > 0
    calls = [sample for sample in families["lastly_engine_call_seconds"].samples if sample.labels["le"] == "+Inf"]
    assert calls[0].value >= counted["reranked"]


def test_every_series_of_the_dashboard_is_in_a_real_scrape(walked: Walked) -> None:
    suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    families = text_string_to_metric_families(_scraped(walked))
    scraped = {family.name + suffix for family in families for suffix in suffixes.get(family.type, ())}
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/lastly.json").read_text(encoding="utf-8"))
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\blastly_\w+", target["expr"])
    }
    assert asked
    assert asked <= scraped, asked - scraped


def test_the_lab_s_page_connects_to_the_engine_and_shows_both_orders(walked: Walked, page: Page) -> None:
    page.goto(walked.lab)
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#index")).to_have_value("articles")
    expect(page.locator("#fields .chip")).to_have_text(["title", "text"])
    page.fill("#query", QUERY)
    page.keyboard.press("Enter")
    expect(page.locator("#reranked .hit")).to_have_count(20)
    expect(page.locator("#lines path")).to_have_count(20)
    expect(page.locator("#first .hit mark").first).to_be_visible()
    shown = [str(item.get_attribute("data-id")) for item in page.locator("#first .hit").all()]
    body = {"query": {"multi_match": {"query": QUERY, "fields": ["title", "text"]}}, "size": 20}
    assert shown == walked.search(**body, ext={"lastly": {"enabled": False}})[0]


def _lastly(*words: str) -> str:
    environment = {**os.environ, "LASTLY_API_KEY": KEY}
    done = subprocess.run(
        [sys.executable, "-m", "lastly", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_eval_judges_the_engine_s_index_through_the_stack_s_sidecar(walked: Walked, tmp_path: Path) -> None:
    first_stage, _ = walked.search(ext={"lastly": {"enabled": False}})
    folder = tmp_path / "judged"
    (folder / "qrels").mkdir(parents=True)
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "1", "text": QUERY}) + "\n")
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n1\t{first_stage[0]}\t1\n")
    before = walked.counted("reranked")
    engine = ("--engine", walked.node.url, "--index", "articles", "--fields", "text")
    sidecar = walked.stack.translated("http://sidecar:8787")
    _lastly("eval", str(folder), *engine, "--sidecar", sidecar, "--window", "10", "--output", str(tmp_path / "report"))
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["heading"]["first_stage"] == f"{walked.node.url}/articles"
    assert (
        report["collections"][0]["first_stage"]["measures"]["nDCG@10"] == 1.0
    )  # its own first hit is the relevant one
    assert walked.counted("reranked") == before  # the first stage was asked, not the reranked order


def test_eval_reads_what_the_plugin_counted_in_the_shadow(walked: Walked) -> None:
    before = walked.counted("shadowed")
    walked.configure(mode="shadow")
    try:
        ids, _ = walked.search()
        assert ids == walked.search(ext={"lastly": {"enabled": False}})[0]
        deadline = time.monotonic() + 120
        while (
            walked.counted("shadowed") == before
        ):  # nobody waits for a shadow's call, and on a busy machine one may fail
            assert time.monotonic() < deadline, "no search was counted"
            time.sleep(1)
            walked.search()
    finally:
        walked.configure(mode=None)
    table = _lastly("eval", "--shadow", walked.node.url).splitlines()
    row = next(line for line in table if line.startswith(f"| {walked.node.name} "))
    assert int(row.split("|")[2]) > before
    assert any(line.startswith("| `switched_off` | ") for line in table)
