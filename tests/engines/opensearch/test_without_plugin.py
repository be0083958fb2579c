"""`lastly attach opensearch --without-plugin`, against a node with the real ml-commons and the real sidecar."""

from collections.abc import Iterator
from typing import Any

import pytest

from lastly_integrations.opensearch import cli
from lastly_integrations.opensearch.without_plugin import NAME
from tests.kit.engines.opensearch import OpenSearchEngine
from tests.kit.nodes.opensearch import ML_PLUGINS, OpenSearchNode, engine_plugin
from tests.kit.sidecars.real import RealSidecar

# The zip of ml-commons has 390 MB; the first run fetches it.
pytestmark = pytest.mark.timeout(1200)
INDEX = "notes"
TEXT = 'apple "x" note 7'
QUERY: dict[str, Any] = {"multi_match": {"query": TEXT, "fields": ["title", "body"]}}
EXT = {"rerank": {"query_context": {"query_text": TEXT}}}


@pytest.fixture(scope="module")
def managed(plugin: Any) -> Iterator[OpenSearchEngine]:
    """A node as a managed cluster has it: ml-commons, and no plugin of ours."""
    node = OpenSearchNode(
        None,
        {"plugins.ml_commons.connector.private_ip_enabled": "true"},
        heap="768m",
        more_plugins=tuple(engine_plugin(name) for name in ML_PLUGINS),
    )
    try:
        engine = OpenSearchEngine(node.start().url)
        lines: list[Any] = []
        for number in range(30):
            document = {"title": f"Note {number}", "body": f"apple {'x ' * number}"}
            lines += [{"index": {"_index": INDEX, "_id": str(number)}}, document]
        assert engine.request("POST", "/_bulk?refresh=true", lines).body["errors"] is False
        yield engine
        engine.close()
    finally:
        node.close()


def _attach(engine: OpenSearchEngine, sidecar: str) -> int:
    where = ["--url", engine.url, "--index", INDEX, "--sidecar", sidecar, "--probe", TEXT]
    return cli.attach([*where, "--fields", "title,body", "--window-size", "20", "--without-plugin"])


def _search(engine: OpenSearchEngine, pipeline: str, **body: Any) -> Any:
    return engine.request("POST", f"/{INDEX}/_search?search_pipeline={pipeline}", {"query": QUERY, **body})


def test_attach_reranks_a_window_and_says_what_the_route_lacks(
    managed: OpenSearchEngine, real_sidecar: RealSidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _attach(managed, real_sidecar.url) == 0
    assert "this route lacks: " in capsys.readouterr().out
    first = _search(managed, "_none", size=20)
    answer = _search(managed, NAME, ext=EXT)
    assert len(answer.ids) == 10
    assert set(answer.ids) <= set(first.ids)
    assert answer.scores == sorted(answer.scores, reverse=True)
    assert answer.ids != first.ids[:10]


def test_a_search_without_its_text_keeps_the_order(managed: OpenSearchEngine, real_sidecar: RealSidecar) -> None:
    assert _attach(managed, real_sidecar.url) == 0
    answer = _search(managed, NAME)
    assert (answer.status, answer.ids) == (200, _search(managed, "_none").ids)


def test_a_sidecar_that_dies_keeps_the_order(managed: OpenSearchEngine) -> None:
    sidecar = RealSidecar()
    sidecar.start()
    try:
        assert _attach(managed, sidecar.url) == 0
    finally:
        sidecar.close()
    answer = _search(managed, NAME, ext=EXT)
    assert (answer.status, answer.ids) == (200, _search(managed, "_none").ids)


def test_an_unreachable_sidecar_leaves_nothing_behind(
    managed: OpenSearchEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _attach(managed, "http://127.0.0.1:9") == 1
    assert "can't ask the sidecar" in capsys.readouterr().err
    assert managed.request("GET", f"/_search/pipeline/{NAME}").status == 404


def test_detach_removes_what_attach_made(
    managed: OpenSearchEngine, real_sidecar: RealSidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _attach(managed, real_sidecar.url) == 0
    given = ["--url", managed.url, "--without-plugin"]
    assert cli.detach(given) == 0
    assert f"{NAME} is removed" in capsys.readouterr().out
    assert cli.detach(given) == 0
    assert "nothing was attached" in capsys.readouterr().out
