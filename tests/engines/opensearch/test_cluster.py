"""Three nodes: reranked through each of them, one of them killed; and a node whose plugin is uninstalled."""

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.opensearch import cli
from tests.engines.articles import DEFAULTS, index_articles
from tests.engines.engine import Corpus
from tests.engines.nodes.opensearch import OpenSearchNode
from tests.engines.nodes.search_node import free_port
from tests.engines.opensearch.client import OpenSearchEngine
from tests.engines.promises import ALL, WINDOW, eventually
from tests.engines.vespa.lying_sidecar import LyingSidecar

VECTOR = {"vector": {"type": "float"}}


@pytest.fixture(scope="module")
def nodes(plugin: Path) -> Iterator[list[OpenSearchNode]]:
    """Three nodes; the third one only holds data."""
    names, ports = ("node-1", "node-2", "node-3"), tuple(free_port() for _ in range(3))
    made = [
        OpenSearchNode(
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


def _spread(node: OpenSearchNode, sidecar: LyingSidecar) -> Corpus:
    corpus = index_articles(
        OpenSearchEngine(node.url), sidecar, VECTOR, **{"index.number_of_replicas": 1, "index.number_of_shards": 3}
    )
    corpus.sidecar.reset()
    assert corpus.configure(**DEFAULTS).status == 200
    health = "/_cluster/health?wait_for_status=green&wait_for_nodes=3&timeout=60s"
    assert corpus.engine.request("GET", health).body["timed_out"] is False
    return corpus


@pytest.mark.timeout(900)
def test_three_nodes_of_which_one_is_killed(
    nodes: list[OpenSearchNode], lying_sidecar: LyingSidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    """One test for one cluster's life: boots take most of the time."""
    corpus = _spread(nodes[0], lying_sidecar)
    _reranked_through_each_node(nodes, corpus)
    _attach_asks_each_node(nodes, corpus, capsys)
    _a_node_killed_under_searches_loses_no_search(nodes, corpus)


def _reranked_through_each_node(nodes: list[OpenSearchNode], corpus: Corpus) -> None:
    first = corpus.plain(size=ALL).ids
    for node in nodes:
        through = Corpus(OpenSearchEngine(node.url), corpus.sidecar, corpus.index)
        answer = through.search(size=ALL, ext={"lastly": {"explain": True}})
        assert answer.status == 200, answer.body
        assert answer.ids == first[:WINDOW][::-1] + first[WINDOW:]
    counted = corpus.engine.request("GET", corpus.engine.stats_path).body["nodes"].values()
    assert [node["reranked"] >= 1 for node in counted] == [True, True, True]


def _attach_asks_each_node(nodes: list[OpenSearchNode], corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--url", nodes[0].url, "--index", corpus.index, "--fields", "title,body", "--timeout", "5s"]
    assert cli.attach(given) == 0
    printed = capsys.readouterr().out
    assert all(f"{node.name} reaches the sidecar" in printed for node in nodes)


def _a_node_killed_under_searches_loses_no_search(nodes: list[OpenSearchNode], corpus: Corpus) -> None:
    answers: list[Any] = []
    over = threading.Event()

    def search() -> None:
        while not over.is_set():
            answers.append(corpus.search(size=ALL))

    callers = [threading.Thread(target=search) for _ in range(2)]
    for caller in callers:
        caller.start()
    try:
        assert eventually(lambda: len(answers) > 10, 60)
        nodes[2].stop(signal.SIGKILL)
        killed_at = len(answers)
        assert eventually(lambda: len(answers) > killed_at + 20, 90)
    finally:
        over.set()
        for caller in callers:
            caller.join(60)
    assert {answer.status for answer in answers} == {200}
    for answer in answers:
        assert len(set(answer.ids)) == len(answer.ids)
    whole = [answer for answer in answers if answer.body["_shards"]["failed"] == 0]
    assert all(sorted(answer.ids) == sorted(whole[0].ids) and len(answer.ids) == ALL for answer in whole)
    assert eventually(lambda: len(corpus.search(size=ALL).ids) == ALL, 60)


@pytest.mark.timeout(900)
def test_a_node_whose_plugin_was_uninstalled_first_starts_searches_and_is_detached(
    plugin: Path, lying_sidecar: LyingSidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    node = OpenSearchNode(plugin)
    try:
        node.start()
        corpus = index_articles(OpenSearchEngine(node.url), lying_sidecar, VECTOR)
        assert corpus.configure(**DEFAULTS).status == 200
        first = corpus.plain().ids
        node.stop()
        node.remove("lastly")
        node.start()
        plain = Corpus(OpenSearchEngine(node.url), lying_sidecar, corpus.index)
        assert eventually(lambda: plain.search().status == 200, 60)
        assert plain.search().ids == first
        assert cli.detach(["--url", node.url]) == 0
        assert f"{corpus.index} is detached" in capsys.readouterr().out
        left = plain.engine.request("GET", f"/{corpus.index}/_settings?flat_settings=true").body
        assert "lastly" not in json.dumps(left)
        assert "lastly" not in json.dumps(plain.engine.request("GET", "/_cluster/settings?flat_settings=true").body)
        assert eventually(lambda: plain.search().status == 200 and plain.search().ids == first, 30)
    finally:
        node.close()
