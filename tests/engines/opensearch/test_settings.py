"""In which order the settings of an index may be set."""

from tests.engines.engine import Corpus


def test_fields_are_named_first_and_reranking_is_switched_on_then(corpus: Corpus) -> None:
    corpus.configure(enabled=None, fields=None)
    assert corpus.configure(enabled=True).status == 400
    assert corpus.configure(fields=["body"]).status == 200
    assert corpus.configure(enabled=True).status == 200
    assert corpus.search().ids != corpus.plain().ids


def test_an_index_that_reranks_is_not_made_without_fields(corpus: Corpus) -> None:
    index = f"/{corpus.index}-made"
    answer = corpus.engine.request("PUT", index, {"settings": {"index.lastly.enabled": True}})
    corpus.engine.request("DELETE", index)
    assert answer.status == 400, answer.body
    assert "index.lastly.fields" in str(answer.body)
