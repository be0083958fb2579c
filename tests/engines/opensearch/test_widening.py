"""What a widened search must not change, in ways that only OpenSearch has."""

from tests.engines.suites.widening import Widening, search
from tests.kit.engines.engine import Corpus
from tests.kit.engines.others import Others


class TestWidening(Widening):
    """What both engines must not change."""


def test_an_index_without_source_is_left_alone_and_counted(corpus: Corpus, other: Others) -> None:
    body = {"body": {"type": "text"}}
    index = other("without-source", body, [{"body": "apple pie"}], "body", _source={"enabled": False})
    before = corpus.counts()["skipped"].get("source_disabled", 0)
    answer = search(corpus, index)
    assert len(answer.ids) == 1
    assert corpus.counts()["skipped"]["source_disabled"] == before + 1
    assert corpus.sidecar.calls == []
