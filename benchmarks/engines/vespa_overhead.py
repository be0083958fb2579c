"""What reranking costs Vespa's container beside the sidecar's own time.

usage: python -m benchmarks.engines.vespa_overhead [--searches N]
"""

import argparse
import asyncio
import http.client
import json
import multiprocessing
import tempfile
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.cpu.node_cost import Way, add_flags, under_loads
from benchmarks.results import table, write_section
from lastly.search.python_docs import python_documentation
from lastly_integrations.vespa.package import Package
from lastly_integrations.vespa.services import SEARCHER, SearcherConfig
from tests.kit.nodes.build import version
from tests.kit.ports import free_port
from tests.kit.vespa.build import BUNDLE, add_chains, built, plain_package, runnable
from tests.kit.vespa.container import running

QUERIES = ("how do I read a file line by line", "open a socket", "parse an argument", "join a path", "sort a list")
WINDOW = 50
BASE = "chain without the searcher"
TRAP_MS = 40  # what a delayed acknowledgement costs, the trap of connections that are kept


def _answer() -> bytes:
    results = [{"index": index, "relevance_score": index / WINDOW} for index in range(WINDOW)]
    body = json.dumps({"model": "stub", "usage": {"total_tokens": 1}, "results": results}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def _serve(port: int, connections: "Synchronized[int] | None") -> None:
    answer = _answer()

    async def call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if connections is not None:
            connections.value += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                writer.write(answer)  # head and body in one write, so that no delayed acknowledgement is waited for
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(call, "127.0.0.1", port, limit=1 << 22) as server:
        await server.serve_forever()


def stub(port: int, connections: "Synchronized[int] | None" = None) -> None:
    """A sidecar that answers at once, always with scores for a whole window; counts the connections that it took."""
    asyncio.run(_serve(port, connections))


def corpus(file: Path) -> None:
    """Write the documentation of Python in articles of 1 kB."""
    documents = [document.model_dump() for document in python_documentation()]
    texts = [(document["text"] + " " + documents[at - 1]["text"] * 40)[:1000] for at, document in enumerate(documents)]
    lines = (json.dumps({**document, "text": text}) for document, text in zip(documents, texts, strict=True))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


class Client:
    """One kept-alive connection to a container."""

    def __init__(self, port: int, **parameters: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._parameters = {"yql": "select * from article where userInput(@text)", "timeout": "10s", "hits": "10"}
        self._parameters |= parameters

    def search(self, number: int) -> float:
        """Return the milliseconds of one search; raises AssertionError where its answer isn't as expected."""
        path = "/search/?" + urlencode({**self._parameters, "text": QUERIES[number % len(QUERIES)]})
        started = time.perf_counter()
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        body = response.read()
        took = (time.perf_counter() - started) * 1000
        assert response.status == 200, body
        assert b'"failed"' not in body, body
        return took


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_flags(parser)
    options = parser.parse_args()
    searches = options.searches
    java = built()
    port, stub_port = free_port(), free_port()
    connections = multiprocessing.Value("i", 0)
    server = multiprocessing.Process(target=stub, args=(stub_port, connections), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        articles = Path(folder) / "articles.jsonl"
        corpus(articles)
        package = _package(Path(folder) / "application", port, f"http://127.0.0.1:{stub_port}")
        with running(java, package, articles, port) as container:
            ways = [
                Way(BASE, container, lambda: Client(port, searchChain="plain")),
                Way(f"{BASE}, {WINDOW} hits", container, lambda: Client(port, searchChain="plain", hits=str(WINDOW))),
                Way("searcher in the chain, not enabled", container, lambda: Client(port, searchChain="off")),
                Way("lastly.enabled=false", container, lambda: Client(port, **{"lastly.enabled": "false"})),
                Way(f"reranked, window {WINDOW}", container, lambda: Client(port)),
            ]
            measured = []
            for clients, rows in under_loads(ways, searches, options.warm):
                measured += rows
                if clients == 1:
                    trapped = sum(taken >= TRAP_MS for taken in ways[-1].times_ms)
    server.terminate()
    calls = 3 * searches + options.warm
    kept = (
        f"The stub took {connections.value} connections for about {calls} calls: they are kept. Of {searches} "
        f"reranked searches of one client {trapped} took {TRAP_MS} ms or more, which a delayed acknowledgement would "
        "cost each of them."
    )
    command = f"python -m benchmarks.engines.vespa_overhead --searches {searches}"
    write_section(f"Overhead in Vespa's container {version('vespa')}", command, _body(measured, kept))


def _package(folder: Path, port: int, sidecar: str) -> Path:
    """Attach the example package, with two chains more: without the searcher, and with one that is not enabled."""
    package = runnable(plain_package(folder), port)
    config = SearcherConfig(("title", "text"), (sidecar,), (("timeout", "5s"),))
    attached = Package(package)
    attached.write(attached.attach(config, (), BUNDLE.read_bytes()))
    off = "\n".join(config.searcher()).replace(f'id="{SEARCHER}"', f'id="off" class="{SEARCHER}"')
    off = off.replace("<enabled>true</enabled>", "")
    add_chains(package, f'<chain id="plain" inherits="vespa"/><chain id="off" inherits="vespa">{off}</chain>')
    return package


def _body(measured: list[list[str]], kept: str) -> str:
    over = "over no searcher: median ms"
    header = ["clients", "search", "median ms", "p99 ms", over, "p99 ms", "container's processor time, ms a search"]
    return (
        f"10 hits of a page, {WINDOW} hits of 1 kB reranked by a stub that answers at once; kept-alive connections; "
        "container, stub and clients share the machine. The content node is the tests' own (Java, in the container's "
        "process), the same for every row. Every way is measured in turn. Aim: 3 ms at the median, 10 ms at p99; "
        f"0.2 ms where the searcher is not enabled.\n\n{table(header, measured)}\n\n{kept}"
    )


if __name__ == "__main__":
    main()
