"""Long documents as the embedded model reads them: what answers the query far behind the beginning is found."""

from dataclasses import replace

import pytest

from lastly.config import embedded_model
from lastly.errors import RequestTooLargeError
from lastly.model.folder import ModelFolder
from lastly.model.prompt import PromptTemplate
from lastly.ranking.reranker import Reranker
from lastly.ranking.steps import finish
from lastly.ranking.tokenization import PromptTokenizer
from lastly.types import Candidate, LongDocuments, Query

FILLER = "The committee met again in the morning and heard what its members had to say about the budget of the year. "
ANSWER = "The first railway in Japan opened in 1872 between Tokyo and Yokohama. "
LONG = FILLER * 40 + ANSWER + FILLER * 40
QUERY = Query("when did the first railway in Japan open?")


@pytest.fixture(scope="module")
def reranker() -> Reranker:
    return Reranker.load(embedded_model())


def _scores(reranker: Reranker, long_documents: LongDocuments) -> list[float]:
    """Of the long text with the answer in it, of one without, of a short one, in that order."""
    texts = [LONG, FILLER * 80, "A short note on the budget."]
    truncation = replace(reranker.manifest.truncation, long_documents=long_documents)
    ranking = reranker.rank(QUERY, [Candidate(place, text) for place, text in enumerate(texts)], truncation)
    return [result.score for result in sorted(ranking.results, key=lambda result: result.index)]


def test_an_excerpt_finds_what_stands_far_behind_the_beginning(reranker: Reranker) -> None:
    cut, read = _scores(reranker, "beginning"), _scores(reranker, "excerpt")
    assert read[0] > max(read[1:]) + 0.05
    assert cut[0] < read[0] - 0.05
    assert read[1:] == pytest.approx(cut[1:], abs=0.05)  # only their neighbour reads otherwise


def test_lastly_mini_reads_excerpts_and_no_more_than_its_limit(reranker: Reranker) -> None:
    assert reranker.manifest.long_documents == "excerpt"
    tokenizer, truncation = PromptTokenizer(ModelFolder.load(embedded_model())), reranker.manifest.truncation
    (found,), (length,) = finish(tokenizer.prepare_candidates(QUERY, [Candidate(0, LONG)], truncation))
    assert "1872" in found.text
    assert 200 < length <= truncation.max_doc_length
    with pytest.raises(RequestTooLargeError):
        finish(tokenizer.prepare_candidates(QUERY, [Candidate(0, LONG)], replace(truncation, refuse=True)))


def test_a_guarded_tag_does_not_arise_where_an_excerpt_joins_lines() -> None:
    folder = ModelFolder.load(embedded_model())
    prompt = PromptTemplate(**folder.manifest.prompt.model_dump() | {"guarded": ("<passage id=",)})
    guarded = replace(folder, manifest=folder.manifest.model_copy(update={"prompt": prompt}))
    text = LONG.replace("Japan", "Japan <passage\nid=")
    tokenizer = PromptTokenizer(guarded)
    (found,), _ = finish(tokenizer.prepare_candidates(QUERY, [Candidate(0, text)], folder.manifest.truncation))
    assert "passage id=" in found.text
    assert "<passage id=" not in found.text
