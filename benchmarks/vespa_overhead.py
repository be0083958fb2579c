"""What reranking costs Vespa's container beside the sidecar's own time: `python -m benchmarks.vespa_overhead`."""

import argparse
import asyncio
import http.client
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.results import table, write_section
from integrations.vespa.package import Package
from integrations.vespa.services import Wiring
from lastly.local.python_docs import python_documentation
from tests.engines.vespa.build import BUNDLE, add_chains, built, plain_package, runnable
from tests.engines.vespa.container import running

STUB_PORT, HTTP_PORT = 19265, 19256
QUERIES = ("how do I read a file line by line", "open a socket", "parse an argument", "join a path", "sort a list")
WINDOW = 50


def _answer() -> bytes:
    results = [{"index": index, "relevance_score": index / WINDOW} for index in range(WINDOW)]
    body = json.dumps({"model": "stub", "usage": {"total_tokens": 1}, "results": results}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def _serve(port: int) -> None:
    answer = _answer()

    async def call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                writer.write(answer)  # head and body in one write, so that no delayed acknowledgement is waited for
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(call, "127.0.0.1", port, limit=1 << 22) as server:
        await server.serve_forever()


def stub(port: int) -> None:
    """A sidecar that answers at once, always with scores for a whole window."""
    asyncio.run(_serve(port))


def corpus(file: Path) -> None:
    """Write the documentation of Python in articles of 1 kB."""
    documents = [document.model_dump() for document in python_documentation()]
    texts = [(document["text"] + " " + documents[at - 1]["text"] * 40)[:1000] for at, document in enumerate(documents)]
    lines = (json.dumps({**document, "text": text}) for document, text in zip(documents, texts, strict=True))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


class Client:
    """One kept-alive connection to a container."""

    def __init__(self, **parameters: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=30)
        self._parameters = {"yql": "select * from article where userInput(@text)", "timeout": "10s", "hits": "10"}
        self._parameters |= parameters

    def search(self, number: int) -> float:
        """Give the milliseconds of one search; raises AssertionError where its answer isn't as expected."""
        path = "/search/?" + urlencode({**self._parameters, "text": QUERIES[number % len(QUERIES)]})
        started = time.perf_counter()
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        body = response.read()
        took = (time.perf_counter() - started) * 1000
        assert response.status == 200, body
        assert b'"failed"' not in body, body
        return took


def measure(ways: dict[str, Callable[[], Client]], clients: int, rounds: int) -> dict[str, list[float]]:
    """Search by every way in turn, so that the machine's other work meets all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in ways}

    def work() -> None:
        mine = {name: make() for name, make in ways.items()}
        for number in range(rounds):
            for name, client in mine.items():
                barrier.wait()
                times[name].append(client.search(number))

    barrier = threading.Barrier(clients)
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=400)
    rounds = parser.parse_args().rounds
    java = built()
    server = multiprocessing.Process(target=stub, args=(STUB_PORT,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        articles = Path(folder) / "articles.jsonl"
        corpus(articles)
        package = runnable(plain_package(Path(folder) / "application"), HTTP_PORT)
        wiring = Wiring(("title", "text"), (f"http://127.0.0.1:{STUB_PORT}",))
        attached = Package(package)
        attached.write(attached.attach(wiring, (), BUNDLE.read_bytes()))
        add_chains(package, '<chain id="plain" inherits="vespa"/>')
        with running(java, package, articles, HTTP_PORT):
            ways: dict[str, Callable[[], Client]] = {
                "chain without the searcher": lambda: Client(searchChain="plain"),
                "chain without the searcher, 50 hits": lambda: Client(searchChain="plain", hits="50"),
                "lastly.enabled=false": lambda: Client(**{"lastly.enabled": "false"}),
                "reranked, window 50": lambda: Client(),
            }
            measure(ways, 4, 150)
            rows = [
                row for clients in (1, 16) for row in _rows(clients, measure(ways, clients, max(rounds // clients, 40)))
            ]
    server.terminate()
    write_section("Overhead in Vespa's container", "python -m benchmarks.vespa_overhead", _body(rows))


def _rows(clients: int, times: dict[str, list[float]]) -> list[list[str]]:
    base = _median_and_p99(times["chain without the searcher"])
    rows = []
    for name, taken in times.items():
        median, p99 = _median_and_p99(taken)
        rows.append(
            [str(clients), name, f"{median:.2f}", f"{p99:.2f}", f"{median - base[0]:+.2f}", f"{p99 - base[1]:+.2f}"]
        )
    return rows


def _median_and_p99(taken: list[float]) -> tuple[float, float]:
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def _body(rows: list[list[str]]) -> str:
    header = ["clients", "search", "median ms", "p99 ms", "over no searcher: median ms", "p99 ms"]
    return (
        "10 hits of a page, 50 hits of 1 kB reranked by a stub that answers at once; kept-alive connections. "
        "The content node is the tests' own (Java, in the container's process), the same for every row. "
        "Aim: 3 ms at the median, 10 ms at p99; 0.2 ms where a query switches reranking off.\n\n" + table(header, rows)
    )


if __name__ == "__main__":
    main()
