"""The two kernels of attention on the CPU: lists up to a bound take the one that builds the matrix of scores."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from lastly.graph.session import Session
from lastly.model.folder import Dtype, ModelFolder
from lastly.types import Encoding
from lastly_export.export import ExportOptions, export
from tests.kit.models.checkpoints import QWEN3, write_checkpoint


def noise(folder: ModelFolder, tokens: int) -> Encoding:
    """A list of random tokens with three documents."""
    ids = np.random.default_rng(0).integers(0, folder.manifest.vocabulary_size, tokens, np.int64)
    return Encoding(ids, np.array([5, tokens // 2, tokens - 2]), tokens - 1)


def branches(folder: ModelFolder) -> list[onnx.NodeProto]:
    """The graph's choices between the kernels."""
    return [node for node in onnx.load(folder.graph_path, load_external_data=False).graph.node if node.op_type == "If"]


def test_a_list_is_read_alike_by_both_kernels(folder: ModelFolder) -> None:
    """Four heads: 2,048 tokens alone are the bound, so that 1,600 take the matrix alone and not side by side."""
    session, encoding = Session(folder), noise(folder, 1_600)
    (alone,) = session.run([encoding])
    together = session.run([encoding, encoding])
    for block in together:
        np.testing.assert_allclose(block.documents, alone.documents, atol=1e-5)
        np.testing.assert_allclose(block.query, alone.query, atol=1e-5)


def test_beyond_the_bound_nothing_jumps(folder: ModelFolder) -> None:
    """Causal: what stands before the last tokens does not know how many follow."""
    session, encoding = Session(folder), noise(folder, 2_052)
    short = Encoding(encoding.input_ids[:2_044], encoding.document_positions[:2], 2_043)
    np.testing.assert_allclose(
        session.run([encoding])[0].documents[:2], session.run([short])[0].documents[:2], atol=1e-5
    )


@pytest.mark.parametrize(("dtype", "chosen"), [("int8", True), ("fp16", False)])
def test_only_types_of_the_cpu_choose(tmp_path: Path, dtype: Dtype, chosen: bool) -> None:
    checkpoint = write_checkpoint(tmp_path / "checkpoint", QWEN3)
    export(checkpoint, tmp_path / "model", ExportOptions(dtype=dtype, parity=False))
    assert bool(branches(ModelFolder.load(tmp_path / "model"))) == chosen


def test_every_layer_that_reads_the_whole_list_chooses(folder: ModelFolder) -> None:
    """All but the last, of which only the markers are computed."""
    assert len(branches(folder)) == QWEN3.layers - 1
