"""How many tokens share a context: the embedded model's own budget, and all that it was trained to read."""

from dataclasses import replace

import pytest

from lastly.config import embedded_model
from lastly.evaluation.rerankers import FolderReranker
from lastly.ranking.reranker import Reranker
from lastly.types import Candidate, Encoding, Query

FILLER = "The committee met again in the morning and heard what its members had to say about the budget of the year. "
ANSWER = "The first railway in Japan opened in 1872 between Tokyo and Yokohama. "
QUERY = Query("when did the first railway in Japan open?")
PLACE = 41  # of the document that answers
DOCUMENTS = [Candidate(place, (ANSWER if place == PLACE else "") + FILLER * 20) for place in range(64)]


def _encoded(reranker: Reranker) -> list[Encoding]:
    """Encode the beginnings, which fill the 256 tokens; an excerpt ends where a sentence does."""
    return reranker.encode(QUERY, DOCUMENTS, replace(reranker.manifest.truncation, long_documents="beginning"))


def test_64_documents_of_256_tokens_are_read_in_one_context() -> None:
    reranker = Reranker.load(embedded_model(), max_block_tokens=17_408)
    (encoding,) = _encoded(reranker)
    assert len(encoding.document_positions) == 64
    assert 64 * 256 < len(encoding.input_ids) <= reranker.manifest.maximum_positions
    ranking = reranker.score([encoding], DOCUMENTS)
    assert ranking.results[0].index == PLACE
    assert ranking.results[0].score > ranking.results[1].score + 0.1


def test_lastly_mini_cuts_a_long_list_and_finds_the_same() -> None:
    reranker = Reranker.load(embedded_model())
    encodings = _encoded(reranker)
    assert len(encodings) == 13
    assert max(len(encoding.input_ids) for encoding in encodings) <= 1360
    assert reranker.score(encodings, DOCUMENTS).results[0].index == PLACE


@pytest.mark.parametrize(("tokens", "blocks"), [(0, 1), (2000, 1), (400, 2), (1, 20)])
def test_any_budget_reads_every_document_once(tokens: int, blocks: int) -> None:
    reranker = Reranker.load(embedded_model(), max_block_tokens=tokens)
    short = [Candidate(place, "a short note on the budget of the year") for place in range(20)]
    encodings = reranker.encode(QUERY, short, reranker.manifest.truncation)
    assert [sum(len(encoding.document_positions) for encoding in encodings), len(encodings)] == [20, blocks]


def test_an_evaluation_says_how_many_tokens_share_a_context() -> None:
    """Each context repeats the query, so that several make more tokens than one."""
    short = ["a short note on the budget of the year"] * 20
    one, many = (
        FolderReranker(embedded_model(), max_block_tokens=tokens).rerank(QUERY.text, short).tokens for tokens in (0, 1)
    )
    query = one - 20 * 10  # a document is nine words and its marker
    assert many == one + 19 * query
