"""Document and field level security, by the engine's own trial licence: what a user may not read reaches no sidecar."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.elasticsearch.retrieving import reranked
from tests.kit.engines.elasticsearch import ElasticsearchEngine
from tests.kit.engines.engine import Corpus
from tests.kit.nodes.elasticsearch import NINE, ElasticsearchNode
from tests.kit.sidecars.lying import LyingSidecar

PASSWORD = "test-password"
SECURED = {
    "xpack.security.enabled": "true",
    "xpack.security.http.ssl.enabled": "false",
    "xpack.security.transport.ssl.enabled": "false",
    "xpack.license.self_generated.type": "trial",
}
APPLE: dict[str, Any] = {"match": {"body": "apple"}}
# In a file: the index for roles and users needs a module that is in no distribution on Maven Central.
ROLES = """
reader:
  indices:
    - names: ["*"]
      privileges: ["read"]
      query: '{"term": {"group": "hers"}}'
      field_security: {"grant": ["*"], "except": ["secret"]}
"""


@pytest.fixture(scope="module")
def secured(plugin: Path) -> Iterator[ElasticsearchNode]:
    """One node with its security on."""
    if NINE:
        pytest.skip("the distribution that is assembled of 9.x has no security module")
    node = ElasticsearchNode(plugin, SECURED)
    try:
        (node.home / "config" / "roles.yml").write_text(ROLES)
        node.tool("elasticsearch-users", "useradd", "admin", "-p", PASSWORD, "-r", "superuser")
        node.tool("elasticsearch-users", "useradd", "reader", "-p", PASSWORD, "-r", "reader")
        node.start()
        yield node
    finally:
        node.close()


@pytest.fixture
def hers(secured: ElasticsearchNode, lying_sidecar: LyingSidecar) -> Iterator[Corpus]:
    """An index of which a user may read every second document, and of those not every field."""
    admin = ElasticsearchEngine(secured.url, "admin", PASSWORD)
    user = ElasticsearchEngine(secured.url, "reader", PASSWORD)
    ours = {"index.lastly.enabled": True, "index.lastly.fields": ["body", "secret"], "index.lastly.timeout": "5s"}
    steps: list[tuple[str, str, Any]] = [
        ("PUT", "/_cluster/settings", {"persistent": {"lastly.sidecar.urls": [lying_sidecar.url]}}),
        ("PUT", "/letters", {"settings": ours, "mappings": {"properties": {"group": {"type": "keyword"}}}}),
        ("POST", "/_bulk?refresh=true", [line for number in range(8) for line in _letter(number)]),
    ]
    for step in steps:
        answer = admin.request(*step)
        assert answer.status == 200, answer.body
    lying_sidecar.reset()
    yield Corpus(user, lying_sidecar, "letters")
    admin.request("DELETE", "/letters")
    user.close()
    admin.close()


def _letter(number: int) -> list[dict[str, Any]]:
    group = "hers" if number % 2 else "his"
    letter = {"body": "apple " + "x " * number, "group": group, "secret": f"classified {number}"}
    return [{"index": {"_index": "letters", "_id": str(number)}}, letter]


def test_the_sidecar_gets_what_the_user_may_read_and_no_rule(hers: Corpus) -> None:
    first = hers.plain(APPLE)
    answer = hers.search(APPLE)
    assert answer.status == 200, answer.body
    assert sorted(answer.ids) == ["1", "3", "5", "7"]
    assert answer.ids == first.ids[::-1]
    assert all("secret" not in hit["_source"] and "fields" not in hit for hit in answer.body["hits"]["hits"])
    _only_hers(hers)


def test_the_retriever_asks_with_the_rights_of_its_user(hers: Corpus) -> None:
    answer = hers.search(retriever=reranked({"standard": {"query": APPLE}}, fields=["body", "secret"]), size=8)
    assert answer.status == 200, answer.body
    assert answer.ids == hers.plain(APPLE).ids[::-1]
    _only_hers(hers)


def _only_hers(hers: Corpus) -> None:
    (call,) = hers.sidecar.calls
    assert call.body["query"] == "apple"
    assert len(call.body["documents"]) == 4
    assert "classified" not in str(call.body)


def test_counts_need_the_right_to_monitor(hers: Corpus) -> None:
    assert hers.engine.request("GET", hers.engine.stats_path).status == 403
