"""A run that `test_stopped_runs.py` stops: nodes of both engines and a sidecar are up, and it waits.

Its name keeps it out of other runs.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.nodes.elasticsearch import ElasticsearchNode
from tests.kit.nodes.opensearch import OpenSearchNode
from tests.kit.nodes.search_node import SearchNode
from tests.kit.processes.guard import guarded, marks
from tests.kit.sidecars.real import RealSidecar

TOLD = Path(os.environ.get("RUN_TO_STOP_TELLS", "/nowhere"))


@pytest.fixture
def nodes() -> Iterator[list[SearchNode]]:
    nodes: list[SearchNode] = [OpenSearchNode(None, heap="400m"), ElasticsearchNode(None, heap="400m")]
    sidecar = RealSidecar()
    try:
        for node in nodes:
            node.start(wait=False)
        sidecar.start()
        yield [node.wait() for node in nodes]
    finally:
        for node in nodes:
            node.close()
        sidecar.close()
        TOLD.with_suffix(".down").touch()


def test_it_waits_to_be_stopped(nodes: list[SearchNode]) -> None:
    told = {"mark": next(iter(marks().values())).split()[-1], "folder": str(guarded())}
    TOLD.with_suffix(".part").write_text(json.dumps(told))
    TOLD.with_suffix(".part").rename(TOLD)
    time.sleep(600)
