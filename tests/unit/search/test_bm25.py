"""The embedded first stage."""

import pytest

from lastly.search.bm25 import FirstStage
from lastly.search.documents import Document


def test_the_first_stage_finds_words_in_any_form(documentation: list[Document]) -> None:
    hits = FirstStage(documentation).search("temporary directories", 10)
    assert any(hit.document.id.startswith("tempfile.") for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_query_syntax_is_only_text() -> None:
    index = FirstStage([Document(id="1", text="plain words"), Document(id="2", text="other")])
    assert [hit.document.id for hit in index.search('text:"words AND (', 5)] == ["1"]


@pytest.mark.parametrize("query", ["", "  ", "?!", "the of"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    assert FirstStage([Document(id="1", text="the text of it")]).search(query, 5) == []


def test_the_size_bounds_the_hits() -> None:
    index = FirstStage([Document(id=str(number), text="word") for number in range(20)])
    assert len(index.search("word", 7)) == 7
