"""Three nodes: reranked through each, one killed, back without the plugin; and a plugin that is uninstalled first."""

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kit.engines.articles import DEFAULTS, index_articles
from tests.kit.engines.corpus import ALL, WINDOW
from tests.kit.engines.engine import Answer, Corpus
from tests.kit.engines.kind import Kind
from tests.kit.nodes.search_node import SearchNode
from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.waiting import eventually

APART = "apart"
SMALL_POOL = {"lastly.thread_pool.size": "1", "lastly.thread_pool.queue_size": "1"}


class ClusterLife:
    """Collected through a subclass in each engine's folder."""

    @pytest.mark.timeout(900)
    def test_three_nodes_of_which_one_is_killed_and_comes_back_without_the_plugin(
        self, kind: Kind, nodes: list[SearchNode], lying_sidecar: LyingSidecar, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One test for one cluster's life: boots take most of the time."""
        corpus = _spread(kind, nodes[0], lying_sidecar)
        _reranked_through_each_node(kind, nodes, corpus)
        _attach_asks_each_node(kind, nodes, corpus, capsys)
        _a_node_killed_under_searches_loses_no_search(nodes, corpus)
        self.check_apart(_an_index_on_a_node_without_the_plugin(nodes, corpus))
        assert len(corpus.search(size=ALL).ids) == ALL
        _attach_names_the_node_without_the_plugin(kind, nodes, corpus, capsys)

    def check_apart(self, apart: Corpus) -> None:
        """Search two documents on a node without the plugin; an engine may have more to ask."""
        answer = apart.search(ext={"lastly": {"explain": True}})  # which that node could not read
        assert answer.status == 200, answer.body
        assert (answer.body["_shards"]["failed"], len(answer.ids)) == (0, 2)

    @pytest.mark.timeout(900)
    def test_a_node_whose_plugin_was_uninstalled_first_starts_searches_and_is_detached(
        self, kind: Kind, plugin: Path, lying_sidecar: LyingSidecar, capsys: pytest.CaptureFixture[str]
    ) -> None:
        node = kind.node(plugin, SMALL_POOL)
        try:
            node.start()
            corpus = index_articles(kind.connect(node.url), lying_sidecar, kind.vector)
            assert corpus.configure(**DEFAULTS).status == 200
            _a_full_pool_loses_no_search(corpus)
            first = corpus.plain().ids
            node.stop()
            node.remove("lastly")
            node.set(dict.fromkeys(SMALL_POOL))
            node.start()
            plain = Corpus(kind.connect(node.url), lying_sidecar, corpus.index)
            assert eventually(lambda: plain.search().status == 200, 60)
            assert plain.search().ids == first
            assert kind.detach(["--url", node.url]) == 0
            assert f"{corpus.index} is detached" in capsys.readouterr().out
            left = plain.engine.request("GET", f"/{corpus.index}/_settings?flat_settings=true").body
            assert "lastly" not in json.dumps(left)
            assert "lastly" not in json.dumps(plain.engine.request("GET", "/_cluster/settings?flat_settings=true").body)
            assert eventually(lambda: plain.search().status == 200 and plain.search().ids == first, 30)
        finally:
            node.close()


def _a_full_pool_loses_no_search(corpus: Corpus) -> None:
    """Calls that end at once want the plugin's threads at once; who finds no place does the work elsewhere."""
    expected = corpus.search().ids
    corpus.sidecar.delay_s = 0.3

    def search(_: int) -> list[str]:
        return corpus.search().ids

    def filled() -> bool:
        with ThreadPoolExecutor(32) as callers:
            assert all(ids == expected for ids in callers.map(search, range(32)))
        pool = corpus.engine.request("GET", "/_cat/thread_pool/lastly?format=json&h=rejected").body
        return int(pool[0]["rejected"]) > 0

    assert eventually(filled, 60)
    corpus.sidecar.reset()


def _spread(kind: Kind, node: SearchNode, sidecar: LyingSidecar) -> Corpus:
    spread = {"index.number_of_replicas": 1, "index.number_of_shards": 3}
    corpus = index_articles(kind.connect(node.url), sidecar, kind.vector, **spread)
    corpus.sidecar.reset()
    assert corpus.configure(**DEFAULTS).status == 200
    health = "/_cluster/health?wait_for_status=green&wait_for_nodes=3&timeout=60s"
    assert corpus.engine.request("GET", health).body["timed_out"] is False
    return corpus


def _reranked_through_each_node(kind: Kind, nodes: list[SearchNode], corpus: Corpus) -> None:
    first = corpus.plain(size=ALL).ids
    for node in nodes:
        through = Corpus(kind.connect(node.url), corpus.sidecar, corpus.index)
        answer = through.search(size=ALL, ext={"lastly": {"explain": True}})
        assert answer.status == 200, answer.body
        assert answer.ids == first[:WINDOW][::-1] + first[WINDOW:]
    counted = corpus.engine.request("GET", corpus.engine.stats_path).body["nodes"].values()
    assert [node["reranked"] >= 1 for node in counted] == [True, True, True]


def _attach_asks_each_node(
    kind: Kind, nodes: list[SearchNode], corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kind.attach(_given(nodes, corpus)) == 0
    printed = capsys.readouterr().out
    assert all(f"{node.name} reaches the sidecar" in printed for node in nodes)


def _given(nodes: list[SearchNode], corpus: Corpus) -> list[str]:
    return ["--url", nodes[0].url, "--index", corpus.index, "--fields", "title,body", "--timeout", "5s"]


def _a_node_killed_under_searches_loses_no_search(nodes: list[SearchNode], corpus: Corpus) -> None:
    answers: list[Answer] = []
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
    answered = [answer for answer in answers if not _lost_by_the_engine(answer)]
    assert len(answers) - len(answered) <= len(callers)  # what each was waiting for when the node went
    assert [answer.body for answer in answered if answer.status != 200] == []
    for answer in answered:
        assert len(set(answer.ids)) == len(answer.ids)
    whole = [answer for answer in answered if answer.body["_shards"]["failed"] == 0]
    assert all(sorted(answer.ids) == sorted(whole[0].ids) and len(answer.ids) == ALL for answer in whole)
    assert eventually(lambda: len(corpus.search(size=ALL).ids) == ALL, 60)


def _lost_by_the_engine(answer: Answer) -> bool:
    """Return whether a node went between query and fetch: the engine fails such a search, with Lastly or without."""
    cause = answer.body.get("error", {}).get("caused_by", {}).get("type")
    return answer.status == 500 and cause == "node_not_connected_exception"


def _an_index_on_a_node_without_the_plugin(nodes: list[SearchNode], corpus: Corpus) -> Corpus:
    """Start the third node without it; the index is not enabled, for such a node takes no shard of one that is."""
    nodes[2].remove("lastly")
    nodes[2].start()
    request = corpus.engine.request
    settings = {"index.routing.allocation.require._name": nodes[2].name, "index.number_of_replicas": 0}
    made = request("PUT", f"/{APART}?timeout=60s", {"settings": settings})
    assert made.body["shards_acknowledged"], made.body
    lines = [{"index": {"_index": APART}}, {"body": "apple"}, {"index": {"_index": APART}}, {"body": "apple pear"}]
    assert request("POST", "/_bulk?refresh=true", lines).body["errors"] is False
    return Corpus(corpus.engine, corpus.sidecar, APART)


def _attach_names_the_node_without_the_plugin(
    kind: Kind, nodes: list[SearchNode], corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kind.attach(_given(nodes, corpus)) == 1
    assert f"no plugin on {nodes[2].name}" in capsys.readouterr().err
