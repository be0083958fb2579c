"""Searches by many callers in a real engine while its real sidecar is killed and started again.

usage: python -m benchmarks.engines.restarts [--engine opensearch|elasticsearch] [--callers N] [--calm S]
"""

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.results import table, write_section
from tests.kit.engines.articles import DEFAULTS, index_articles, use_sidecars
from tests.kit.engines.elasticsearch import ElasticsearchEngine
from tests.kit.engines.engine import Corpus, Engine
from tests.kit.engines.opensearch import OpenSearchEngine
from tests.kit.engines.restart import Searches, check, search_through_a_restart
from tests.kit.nodes import elasticsearch, opensearch
from tests.kit.nodes.build import built
from tests.kit.nodes.search_node import SearchNode
from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.sidecars.real import RealSidecar

_WINDOW = 5
_PAUSE = {"lastly.breaker.pause": "500ms"}


@dataclass(frozen=True)
class Product:
    """An engine as it is measured."""

    name: str
    version: str
    node: type[SearchNode]
    java_home: Callable[[], str | None]
    connect: Callable[[str], Engine]
    vector: dict[str, Any]


PRODUCTS = {
    "opensearch": Product(
        "OpenSearch",
        opensearch.VERSION,
        opensearch.OpenSearchNode,
        opensearch.java_home,
        OpenSearchEngine,
        {"type": "float"},
    ),
    "elasticsearch": Product(
        "Elasticsearch",
        elasticsearch.VERSION,
        elasticsearch.ElasticsearchNode,
        elasticsearch.java_home,
        ElasticsearchEngine,
        {"type": "dense_vector", "dims": 2, "index": True, "similarity": "l2_norm"},
    ),
}


def main() -> None:
    """Measure and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--engine", choices=PRODUCTS, default="opensearch")
    flags.add_argument("--callers", type=int, default=32)
    flags.add_argument("--calm", type=float, default=10, help="seconds between the events (default 10)")
    options = flags.parse_args()
    product = PRODUCTS[options.engine]
    rows = []
    with _reranked(options.engine, product) as (corpus, sidecar):
        for how in (signal.SIGKILL, signal.SIGTERM):
            searches = search_through_a_restart(corpus, sidecar, how, options.callers, options.calm)
            check(corpus, searches)
            rows.append(_row(how, searches))
    command = f"python -m benchmarks.engines.restarts --engine {options.engine}"
    title = f"A sidecar that restarts under {product.name} {product.version}"
    write_section(title, command, _body(options, rows), ("onnxruntime",))


@contextmanager
def _reranked(engine: str, product: Product) -> Iterator[tuple[Corpus, RealSidecar]]:
    plugin = built(engine, product.version, product.java_home(), "a JDK that is new enough")
    sidecar, stub, node = RealSidecar(), LyingSidecar(), product.node(plugin, _PAUSE)
    try:
        sidecar.start()
        node.start()
        corpus = index_articles(product.connect(node.url), stub, product.vector)
        use_sidecars(corpus, [sidecar.url])
        corpus.configure(**DEFAULTS, window_size=_WINDOW)
        yield corpus, sidecar
    finally:
        node.close()
        sidecar.close()
        stub.close()


def _row(how: signal.Signals, searches: Searches) -> list[str]:
    median, p99 = searches.milliseconds()
    counts = (len(searches.seen), len(searches.failed), searches.reranked(), searches.kept())
    return [how.name, *map(str, counts), str(searches.reranked(searches.back)), f"{median:.0f}", f"{p99:.0f}"]


def _body(options: Any, rows: list[list[str]]) -> str:
    header = ["ended by", "searches", "failed", "reranked", "kept their order", "reranked after", "p50 ms", "p99 ms"]
    return (
        f"{options.callers} callers of one node, `lastly serve` with lastly-mini, window {_WINDOW}; the sidecar is "
        f"ended after {options.calm:g} s and started again {options.calm:g} s later. Each answer had the first stage's "
        "order or the model's, with every hit. Node, sidecar and callers share the machine. Aim: no failed search.\n\n"
        + table(header, rows)
    )


if __name__ == "__main__":
    main()
