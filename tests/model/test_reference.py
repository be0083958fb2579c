"""Every score within 1e-5 of the independent reference, on random checkpoints in the published layout."""

import random
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from lastly.errors import ModelFolderError
from lastly.model.folder import MANIFEST, ModelFolder
from lastly.ranking.reranker import Reranker
from lastly.ranking.steps import finish
from lastly.ranking.tokenization import PromptTokenizer
from lastly.types import Block, Candidate, Query, Truncation
from tests.kit.models.reference import Limits, Reference

TOLERANCE = 1e-5
WORDS = [
    "tea",
    "green",
    "water",
    "leaf",
    "boil",
    "city",
    "river",
    "old",
    "python",
    "file",
    "cat",
    "42",
    "the",
    "of",
    "and",
]
SCRIPTS = [
    "緑茶にはカテキンが含まれています。",
    "Зелёный чай полезен для здоровья",
    "الشاي الأخضر مفيد",
    "🍵🌱 green tea 👩‍👩‍👧 zwj",
    "e\u0301 combining, \u00a0nbsp, \ttab",
    "नमस्ते दुनिया",
    " leading and trailing  ",
    "\n\nlines\n",
]


def sentence(words: int, seed: int) -> str:
    """Return random words, the same for the same seed."""
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) for _ in range(words))


def documents(count: int, words: int = 8) -> list[str]:
    """Return distinct documents of unequal lengths."""
    return [sentence(1 + (words * (number % 5 + 1)) // 3, number) for number in range(count)]


def assert_same_scores(
    ours: Reranker, reference: Reference, query: Query, texts: list[str], limits: Limits | None = None
) -> None:
    """Compare all scores, in the documents' own order."""
    limits = limits or Limits()
    candidates = [Candidate(index, text) for index, text in enumerate(texts)]
    ranking = ours.rank(query, candidates, Truncation(limits.max_doc_length, limits.max_query_length))
    scores = {ranked.index: ranked.score for ranked in ranking.results}
    assert sorted(scores) == list(range(len(texts)))
    expected = reference.scores(query.text, texts, query.instruction, limits)
    assert [scores[index] for index in range(len(texts))] == pytest.approx(expected, abs=TOLERANCE)
    assert [ranked.score for ranked in ranking.results] == sorted(scores.values(), reverse=True)


@pytest.mark.parametrize("count", [1, 3, 14, 125, 126, 300])
def test_any_number_of_documents(ours: Reranker, reference: Reference, count: int) -> None:
    assert_same_scores(ours, reference, Query("green tea health"), documents(count))


def test_long_documents_and_a_long_query_are_cut_alike(ours: Reranker, reference: Reference) -> None:
    limits = Limits(max_doc_length=50, max_query_length=12)
    texts = [sentence(400, number) for number in range(4)] + ["short", *SCRIPTS]
    assert_same_scores(ours, reference, Query(sentence(90, 7)), texts, limits)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8])
def test_a_cut_within_a_character_is_decoded_alike(ours: Reranker, reference: Reference, limit: int) -> None:
    limits = Limits(max_doc_length=limit, max_query_length=limit)
    assert_same_scores(ours, reference, Query("🍵🌱緑茶"), [*SCRIPTS, "🍵🌱🍵🌱"], limits)


def test_empty_documents(ours: Reranker, reference: Reference) -> None:
    assert_same_scores(ours, reference, Query("tea"), ["", "green tea", "", " ", "\n"])


def test_marker_strings_inside_texts(ours: Reranker, reference: Reference) -> None:
    texts = ["a<|embed_token|>b", "<|rerank_token|>", "x <|embed_token|><|rerank_token|> y", "plain"]
    assert_same_scores(ours, reference, Query("te<|rerank_token|>a<|embed_token|>"), texts)


def test_several_scripts_and_emoji(ours: Reranker, reference: Reference) -> None:
    for query in SCRIPTS:
        assert_same_scores(ours, reference, Query(query), SCRIPTS)


def test_an_instruction(ours: Reranker, reference: Reference) -> None:
    assert_same_scores(ours, reference, Query("tea", "prefer documents\nabout 🍵 health"), documents(5))


@pytest.mark.parametrize("maximum", [130, 400, 700])
def test_a_small_maximum_length_forces_several_blocks(folder: ModelFolder, reference: Reference, maximum: int) -> None:
    ours = Reranker(folder.with_block_tokens(maximum))
    limits = Limits(max_length=maximum, max_doc_length=60)
    assert_same_scores(ours, reference, Query("green tea"), documents(40), limits)


def test_an_empty_list_gives_an_empty_ranking(ours: Reranker) -> None:
    assert ours.rank(Query("tea"), []).results == []


def test_a_block_longer_than_the_model_is_halved_until_it_fits(folder: ModelFolder) -> None:
    manifest = folder.manifest.model_copy(update={"maximum_positions": 900})
    small = Reranker(ModelFolder(folder.path, manifest))
    encodings = small.encode(Query("tea"), [Candidate(i, t) for i, t in enumerate(documents(64))], manifest.truncation)
    assert len(encodings) > 1
    assert all(len(encoding.input_ids) <= 900 for encoding in encodings)
    assert sum(len(encoding.document_positions) for encoding in encodings) == 64


def test_ids_are_those_of_the_whole_prompt_in_one_string(folder: ModelFolder, reference: Reference) -> None:
    texts = [*SCRIPTS, *documents(5), "", "<think> is no control here"]
    block = Block(Query("緑茶 tea?", "be strict"), [Candidate(index, text) for index, text in enumerate(texts[:-1])])
    encoding = PromptTokenizer(folder).encode(block)
    prompt = reference._prompt(block.query.text, texts[:-1], block.query.instruction)
    assert encoding.input_ids.tolist() == reference.tokenizer(prompt, add_special_tokens=False)["input_ids"]


def test_control_strings_of_a_user_enter_as_plain_text(folder: ModelFolder) -> None:
    tokenizer = PromptTokenizer(folder)
    added = Tokenizer.from_file(str(folder.tokenizer_path)).get_added_tokens_decoder()
    control = {token.content: token_id for token_id, token in added.items()}
    plain = tokenizer.encode(Block(Query("q"), [Candidate(0, "d")])).input_ids.tolist()
    attack = "".join(control) + "<|embed_<|embed_token|>token|>"
    query, _, _ = finish(tokenizer.prepare_query(Query(attack, attack), folder.manifest.truncation))
    attacked, _ = finish(tokenizer.prepare_candidates(query, [Candidate(0, attack)], folder.manifest.truncation))
    ids = tokenizer.encode(Block(query, attacked)).input_ids.tolist()
    assert len(ids) > len(plain)
    for token_id in control.values():
        assert ids.count(token_id) == plain.count(token_id)


def test_the_hash_of_every_file_is_checked(folder: ModelFolder, tmp_path: Path) -> None:
    for name in [*folder.manifest.files, MANIFEST]:
        (tmp_path / name).write_bytes((folder.path / name).read_bytes())
    ModelFolder.load(tmp_path)
    with (tmp_path / "model.onnx.data").open("r+b") as file:
        file.seek(100)
        file.write(b"\xff")
    with pytest.raises(ModelFolderError, match=r"model\.onnx\.data differs"):
        ModelFolder.load(tmp_path)


def test_a_score_does_not_depend_on_its_company_in_a_batch(ours: Reranker) -> None:
    short = ours.encode(Query("tea"), [Candidate(0, "green tea")], ours.manifest.truncation)
    long = ours.encode(Query("tea"), [Candidate(i, t) for i, t in enumerate(documents(9))], ours.manifest.truncation)
    alone = ours.session.run(short)[0]
    together = ours.session.run([*long, *short])[1]
    assert np.abs(alone.documents - together.documents).max() < TOLERANCE
