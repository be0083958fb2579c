"""Every kind of graph gives what transformers gives in fp32."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lastly.model.folder import GraphKind
from tests.kit.models.checkpoints import LLAMA, QWEN3, SLIDING, Shape, write_checkpoint
from tests.kit.models.graphs import ExportedGraph, Prompt, difference, expected
from tests.kit.models.reference import Reference

TOLERANCE = 1e-5
SLIDING_LAST = replace(SLIDING, layers=3)  # its last layer is windowed, unlike the published v3.5's
MINISTRAL = replace(LLAMA, kind="ministral", window=16)
SHAPES = {"qwen3": QWEN3, "sliding": SLIDING, "sliding last": SLIDING_LAST, "llama": LLAMA, "ministral": MINISTRAL}
VOCABULARY = QWEN3.vocabulary


class Model:
    """One checkpoint with its two graphs and its reference."""

    def __init__(self, folder: Path, shape: Shape) -> None:
        checkpoint = write_checkpoint(folder / "checkpoint", shape)
        self.reference = Reference(checkpoint)
        self.graphs: dict[GraphKind, ExportedGraph] = {
            "fused": ExportedGraph(checkpoint, folder, "fused"),
            "portable": ExportedGraph(checkpoint, folder, "portable"),
        }


@pytest.fixture(scope="module", params=SHAPES)
def shaped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(tmp_path_factory.mktemp("export"), SHAPES[request.param])


@pytest.mark.parametrize("kind", ["fused", "portable"])
@pytest.mark.parametrize(("length", "documents"), [(2, 1), (17, 3), (255, 20), (256, 5), (257, 1), (900, 126)])
def test_embeddings_equal_transformers(shaped: Model, kind: GraphKind, length: int, documents: int) -> None:
    prompt = Prompt.random(length, documents, VOCABULARY, seed=length)
    found = shaped.graphs[kind].run([prompt])[0]
    assert difference(found, expected(shaped.reference, prompt)) <= TOLERANCE


@pytest.mark.parametrize(("kind", "padding"), [("fused", "right"), ("portable", "right"), ("portable", "left")])
def test_a_batch_of_unequal_lengths_equals_single_runs(shaped: Model, kind: GraphKind, padding: str) -> None:
    prompts = [Prompt.random(length, documents, VOCABULARY, seed=length) for length, documents in BATCH]
    for prompt, found in zip(prompts, shaped.graphs[kind].run(prompts, padding), strict=True):
        assert difference(found, expected(shaped.reference, prompt)) <= TOLERANCE


BATCH = [(300, 9), (2, 1), (41, 3), (700, 12)]


def test_a_window_narrower_than_the_prompt_matters(tmp_path: Path) -> None:
    """Guards the sliding tests above: the same weights without the window give other embeddings."""
    prompt = Prompt.random(200, 4, VOCABULARY)
    windowed = ExportedGraph(write_checkpoint(tmp_path / "a", SLIDING), tmp_path / "out-a").run([prompt])[0]
    whole = ExportedGraph(write_checkpoint(tmp_path / "b", replace(SLIDING, window=None)), tmp_path / "out-b")
    assert difference(windowed, whole.run([prompt])[0]) > 0.01


@pytest.mark.parametrize("length", [2, 3, 15, 16, 17, 31, 32, 33, 48, 49])
def test_a_list_may_end_anywhere_in_a_chunk_of_its_window(shaped: Model, length: int) -> None:
    prompt = Prompt.random(length, 1, VOCABULARY, seed=length)
    found = shaped.graphs["fused"].run([prompt])[0]
    assert difference(found, expected(shaped.reference, prompt)) <= TOLERANCE


def test_tokens_after_the_last_marker_change_nothing(shaped: Model) -> None:
    prompt = Prompt.random(64, 5, VOCABULARY)
    longer = Prompt(np.concatenate([prompt.ids, np.arange(40)]), prompt.documents)
    rows = [shaped.graphs["fused"].run([p])[0][0] for p in (prompt, longer)]
    assert np.abs(rows[0] - rows[1]).max() <= TOLERANCE
