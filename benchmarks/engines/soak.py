"""What stays behind of many reranked searches: a node's memory after each stretch of them, and what was not released.

usage: python -m benchmarks.engines.soak [--engine opensearch|elasticsearch] [--searches N] [--stretches N]
"""

import argparse
import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.engines.overhead import ENGINES, NAMES, Client, Stub, index
from benchmarks.engines.vespa_overhead import QUERIES, WINDOW
from benchmarks.results import table, write_section
from tests.kit.nodes.build import built
from tests.kit.nodes.search_node import SearchNode

CLIENTS = 16
INDEX = "ranked"
# What a search may ask beside its query; each takes another way through the plugin. The stub always gives WINDOW
# scores, so that the last one meets a bad answer.
KINDS: list[dict[str, Any]] = [
    {},
    {"size": 3, "_source": False},
    {"from": WINDOW - 5, "profile": True},
    {"from": WINDOW},
    {"aggs": {"best": {"top_hits": {"size": 2}}}, "highlight": {"fields": {"text": {}}}},
    {"ext": {"lastly": {"explain": True, "window_size": 20}}},
]


def main() -> None:
    """Search, measure and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--engine", choices=ENGINES, default="elasticsearch")
    flags.add_argument("--searches", type=int, default=20_000)
    flags.add_argument("--stretches", type=int, default=8)
    options = flags.parse_args()
    engine, home, version = ENGINES[options.engine]
    plugin = built(options.engine, version, home(), "a JDK that is new enough")
    sidecar = Stub()
    # Assertions on: Elasticsearch then tracks every reference-counted object, and says which was lost.
    node = engine(plugin, {"lastly.breaker.pause": "500ms"}, jvm=("-ea",))
    try:
        node.start()
        ours = {"fields": ["title", "text"], "timeout": "5s", "enabled": True}
        index(node, INDEX, {f"index.lastly.{name}": value for name, value in ours.items()})
        address = {"persistent": {"lastly.sidecar.urls": [f"http://127.0.0.1:{sidecar.port}"]}}
        Client(node.port).send("PUT", "/_cluster/settings", address)
        rows = [_row(node, 0, 0), *_stretches(node, sidecar, options.searches, options.stretches)]
        lost, broken = node.log.count("LEAK"), node.log.count("AssertionError")
    finally:
        node.close()
        sidecar.kill()
    command = f"python -m benchmarks.engines.soak --engine {options.engine} --searches {options.searches}"
    write_section(f"Memory of {NAMES[options.engine]} {version} under load", command, _body(rows, lost, broken))


def _stretches(node: SearchNode, sidecar: Stub, searches: int, stretches: int) -> list[list[str]]:
    rows, kept = [], 0
    for stretch in range(1, stretches + 1):
        dead = stretch == stretches // 2
        if dead:
            sidecar.kill()
        kept += _searched(node, searches // stretches)
        if dead:
            sidecar.start()
        rows.append(_row(node, stretch * (searches // stretches), kept))
    return rows


def _searched(node: SearchNode, searches: int) -> int:
    """Search by several clients; return how many searches kept their order for want of the sidecar."""
    numbers = itertools.count()

    def work(_: int) -> int:
        client, kept = Client(node.port, INDEX), 0
        while (number := next(numbers)) < searches:
            text = {"multi_match": {"query": QUERIES[number % len(QUERIES)], "fields": ["title", "text"]}}
            body = {"query": text, **KINDS[number % len(KINDS)]}
            kept += bool(client.send("POST", f"/{INDEX}/_search", body)[1])
        return kept

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(work, range(CLIENTS)))


def _row(node: SearchNode, searches: int, kept: int) -> list[str]:
    """Return what is left after garbage was collected."""
    node.collect_garbage()
    nodes = Client(node.port).send("GET", "/_nodes/_local/stats/jvm", "")[0]["nodes"]
    machine = next(iter(nodes.values()))["jvm"]
    memory, mega = machine["mem"], 1 << 20
    return [
        str(searches),
        str(kept),
        f"{memory['heap_used_in_bytes'] / mega:.0f}",
        f"{memory['non_heap_used_in_bytes'] / mega:.0f}",
        f"{node.memory_bytes() / mega:.0f}",
        str(machine["threads"]["count"]),
    ]


def _body(rows: list[list[str]], lost: int, broken: int) -> str:
    header = ["searches", "of them in first-stage order", "heap, MB", "beside the heap, MB", "resident, MB", "threads"]
    return (
        f"{CLIENTS} clients, window {WINDOW}, pages, profiles, aggregations and explanations in turn; a heap of 512 "
        "MB, garbage collected before each row, assertions on. One search in six gets more scores than it asked for, a "
        "bad answer; the stub was dead for one stretch.\n\n"
        f"{table(header, rows)}\n\nObjects that were collected without being released: {lost}; "
        f"assertions that did not hold: {broken}."
    )


if __name__ == "__main__":
    main()
