"""What reranking costs a node beside the sidecar's own time, and what a sick sidecar costs under load.

usage: python -m benchmarks.engines.overhead [--engine opensearch|elasticsearch] [--searches N] [--seconds N]
"""

import argparse
import http.client
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cpu.node_cost import Way, add_flags, under_loads
from benchmarks.engines.vespa_overhead import QUERIES, WINDOW, corpus, stub
from benchmarks.results import table, write_section
from tests.kit.nodes import elasticsearch, opensearch
from tests.kit.nodes.build import built
from tests.kit.nodes.search_node import SearchNode
from tests.kit.ports import free_port

ENGINES: dict[str, tuple[type[SearchNode], Callable[[], str | None], str]] = {
    "opensearch": (opensearch.OpenSearchNode, opensearch.java_home, opensearch.VERSION),
    "elasticsearch": (elasticsearch.ElasticsearchNode, elasticsearch.java_home, elasticsearch.VERSION),
}
NAMES = {"opensearch": "OpenSearch", "elasticsearch": "Elasticsearch"}
BASE = "node without the plugin"
PASSAGE = ["title", "text"]
CLIENTS_OF_LOAD = 32


@dataclass
class Client:
    """One kept-alive connection to a node."""

    port: int
    index: str = "plain"
    size: int = 10
    fields: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Prepare its connection."""
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def send(self, method: str, path: str, body: Any, kind: str = "application/json") -> tuple[Any, str]:
        """Send a request; return the answer's body and warning. Raises AssertionError where it is refused."""
        sent = body if isinstance(body, str) else json.dumps(body)
        self._connection.request(method, path, sent.encode(), {"content-type": kind})
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer
        return json.loads(answer), response.getheader("warning") or ""

    def found(self, number: int) -> tuple[Any, str]:
        """Search; return the answer's body and warning."""
        query = {"multi_match": {"query": QUERIES[number % len(QUERIES)], "fields": ["title", "text"]}}
        asked = {"fields": self.fields} if self.fields else {}
        return self.send("POST", f"/{self.index}/_search", {"query": query, "size": self.size, **asked})

    def search(self, number: int) -> float:
        """Return the milliseconds of one search; raises AssertionError where it is refused or not reranked."""
        started = time.perf_counter()
        _, warning = self.found(number)
        took = (time.perf_counter() - started) * 1000
        assert "lastly" not in warning, warning
        return took


class Stub:
    """The stub as a process: it can be killed, and started again at its address."""

    def __init__(self) -> None:
        self.port = free_port()
        self.start()

    def start(self) -> None:
        """Start it."""
        self._process = multiprocessing.Process(target=stub, args=(self.port,), daemon=True)
        self._process.start()

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.join()


def main() -> None:
    """Measure and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--engine", choices=ENGINES, default="opensearch")
    add_flags(flags)
    flags.add_argument("--seconds", type=float, default=30)
    options = flags.parse_args()
    _, home, version = ENGINES[options.engine]
    plugin = built(options.engine, version, home(), "a JDK that is new enough")
    sidecar = Stub()
    with _node(options.engine, None) as bare, _node(options.engine, plugin) as node:
        for each in (bare, node):
            index(each, "plain", {})
        ours = {"fields": PASSAGE, "timeout": "5s", "enabled": True}
        index(node, "ranked", {f"index.lastly.{name}": value for name, value in ours.items()})
        address = {"persistent": {"lastly.sidecar.urls": [f"http://127.0.0.1:{sidecar.port}"]}}
        Client(node.port).send("PUT", "/_cluster/settings", address)
        ways = [
            Way(BASE, bare, lambda: Client(bare.port)),
            Way(f"{BASE}, {WINDOW} hits", bare, lambda: Client(bare.port, size=WINDOW)),
            Way(
                f"{BASE}, {WINDOW} hits with the passage's fields",
                bare,
                lambda: Client(bare.port, "plain", WINDOW, PASSAGE),
            ),
            Way("plugin installed, index not enabled", node, lambda: Client(node.port)),
            Way(f"reranked, window {WINDOW}", node, lambda: Client(node.port, "ranked")),
        ]
        measured = [row for _, rows in under_loads(ways, options.searches, options.warm) for row in rows]
        load = _load(node.port, sidecar, options.seconds)
    command = f"python -m benchmarks.engines.overhead --engine {options.engine}"
    write_section(f"Overhead in {NAMES[options.engine]} {version}", command, _body(measured, load))


@contextmanager
def _node(engine: str, plugin: Path | None) -> Iterator[SearchNode]:
    node = ENGINES[engine][0](plugin, {"lastly.breaker.pause": "500ms"} if plugin else {})
    try:
        node.start()
        yield node
    finally:
        node.close()


def index(node: SearchNode, name: str, settings: dict[str, Any]) -> None:
    """Index the corpus into one shard."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "articles.jsonl"
        corpus(file)
        documents = file.read_text(encoding="utf-8").splitlines()
    client = Client(node.port)
    sizes = {"index.number_of_shards": 1, "index.number_of_replicas": 0, **settings}
    client.send("PUT", f"/{name}", {"settings": sizes})
    lines = "".join(f'{{"index":{{}}}}\n{document}\n' for document in documents)
    answer, _ = client.send("POST", f"/{name}/_bulk?refresh=true", lines, "application/x-ndjson")
    assert answer["errors"] is False, answer
    client.send("POST", f"/{name}/_forcemerge?max_num_segments=1", "")


def _load(port: int, sidecar: Stub, seconds: float) -> str:
    """Search by many clients while the sidecar dies and comes back; say what became of the searches."""
    expected = [_ids(Client(port, "ranked", WINDOW).found(number)[0]) for number in range(len(QUERIES))]
    seen: Counter[str] = Counter()
    taken: list[float] = []
    over = time.monotonic() + seconds

    def work() -> None:
        client = Client(port, "ranked", WINDOW)
        number = 0
        while time.monotonic() < over:
            started = time.perf_counter()
            body, warning = client.found(number)
            taken.append((time.perf_counter() - started) * 1000)
            seen["lost or doubled hits"] += _ids(body) != expected[number % len(QUERIES)]
            seen["breaker open" if "breaker_open" in warning else "failed call" if warning else "reranked"] += 1
            number += 1

    threads = [threading.Thread(target=work) for _ in range(CLIENTS_OF_LOAD)]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 3)
    sidecar.kill()
    time.sleep(seconds / 3)
    sidecar.start()
    reranked = seen["reranked"]
    for thread in threads:
        thread.join()
    median, p99 = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    assert seen["lost or doubled hits"] == 0, seen
    assert seen["reranked"] > reranked, "the sidecar that is back is not used"
    return (
        f"{seconds:.0f} s of {CLIENTS_OF_LOAD} clients, the stub killed after a third and back after two: "
        f"{len(taken)} searches, none refused, no hit lost or doubled; {seen['reranked']} reranked "
        f"({seen['reranked'] - reranked} of them after it was back), {seen['failed call']} kept their order on a "
        f"failed call, {seen['breaker open']} on an open breaker; median {median:.1f} ms, p99 {p99:.1f} ms."
    )


def _ids(body: Any) -> list[str]:
    """Return the hits' ids in an order of their own: what was found, whatever its order."""
    return sorted(hit["_id"] for hit in body["hits"]["hits"])


def _body(measured: list[list[str]], load: str) -> str:
    over = "over no plugin: median ms"
    header = ["clients", "search", "median ms", "p99 ms", over, "p99 ms", "node's processor time, ms a search"]
    return (
        "10 hits of a page, 50 hits of 1 kB reranked by a stub that answers at once; kept-alive connections; two nodes "
        "of 512 MB heap, stub and clients share the machine. Every way is measured in turn, in warm nodes. Reranking "
        "fetches the window's 50 hits with the passage's fields: the third row is that share by itself, with the "
        "answer of 50 hits that reranking does not write. Aim: 3 ms at the median, 10 ms at p99; 0.2 ms where not "
        "enabled.\n\n" + table(header, measured) + f"\n\n{load}"
    )


if __name__ == "__main__":
    main()
