"""The container as the lab and the evaluation see it: schemas, fields, the first stage's order, the counters."""

import time

import pytest

from lastly.errors import InvalidRequestError
from lastly.evaluation import shadow
from lastly_integrations import stats
from lastly_integrations.json_client import JsonClient
from lastly_integrations.recognise import recognise
from tests.kit.vespa.container import Container

QUESTION = "how do I copy a file"


def test_a_container_is_known_and_tells_its_schemas_and_fields(vespa: Container) -> None:
    engine = recognise(JsonClient(vespa.url))
    assert engine.indices() == ["article"]
    assert {"title", "text"} <= set(engine.fields("article"))
    assert not {"sddocname", "documentid"} & set(engine.fields("article"))


def test_its_first_stage_is_searched_though_the_chain_reranks(vespa: Container) -> None:
    index = recognise(JsonClient(vespa.url)).index("article", ["title", "text"])
    hits = index.search(QUESTION, 5)
    assert [hit.document.id for hit in hits] == vespa.search(QUESTION, hits=5, lastly__enabled=False).ids
    assert all(hit.score > 1 for hit in hits)  # no cosine
    assert hits[0].document.passage.startswith(f"{hits[0].document.title}\n")


def test_what_it_has_not_is_said_in_its_own_words(vespa: Container) -> None:
    engine = recognise(JsonClient(vespa.url))
    with pytest.raises(InvalidRequestError, match="Could not resolve source ref 'nosuch'"):
        engine.index("nosuch", ["title"]).search(QUESTION, 5)
    with pytest.raises(InvalidRequestError, match="letters, digits and _"):
        engine.index("article where true", ["title"])


def test_what_was_counted_in_the_shadow_is_reported(vespa: Container) -> None:
    deadline = time.monotonic() + 30
    while True:  # metrics come in snapshots, every five seconds here
        vespa.search(QUESTION, searchChain="shadow")
        counted = stats.read(JsonClient(vespa.url))
        if any(counts.shadowed and counts.latency.total() for counts in counted.nodes):
            break
        assert time.monotonic() < deadline, "the shadow's calls are not in the metrics"
        time.sleep(0.5)
    assert "in the container's last snapshot" in shadow.to_markdown(counted)
    assert any(counts.within(0.5).endswith(" ms") for counts in counted.nodes)
