"""What the command writes: a complete, verified model folder."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from lastly.errors import ModelFolderError
from lastly.model.folder import DTYPES, Dtype, GraphKind, ModelFolder
from lastly.ranking.reranker import Reranker
from lastly.types import Candidate, Query
from lastly_export import cli
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.export import ExportOptions, export
from lastly_export.graph.write import write_graph
from lastly_export.parity import reference_process
from lastly_export.parity.report import encode_cases, spearman
from tests.kit.models.checkpoints import LLAMA, QWEN3, Shape, write_checkpoint
from tests.kit.models.graphs import ExportedGraph, Prompt, expected, scores
from tests.kit.models.reference import Reference

SHORT_PROMPT = {
    "name": "tiny",
    "licence": "Apache-2.0",
    "prompt": {
        "prefix": "{count} texts for: {query}\n",
        "instruction": "{instruction}\n",
        "document": "{index}: {document}<|embed_token|>",
        "separator": "\n",
        "suffix": "\n{query}<|rerank_token|>",
    },
    "block_size": 20,
    "max_doc_length": 64,
    "lexical_weight": 0.25,
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "random", LLAMA)


@pytest.mark.parametrize("portable", [False, True])
def test_the_command_writes_a_folder_that_ranks(
    checkpoint: Path, tmp_path: Path, portable: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "deep" / "model"
    arguments = [str(checkpoint), "-o", str(target), "--name", "mine", "--licence", "MIT"]
    assert cli.main([*arguments, "--portable"] if portable else arguments) == 0
    assert "max abs score difference" in capsys.readouterr().out
    folder = ModelFolder.load(target)
    assert (folder.manifest.name, folder.manifest.licence, folder.manifest.dtype) == ("mine", "MIT", "fp32")
    assert set(folder.manifest.files) == {"model.onnx", "model.onnx.data", "tokenizer.json", "README.md"}
    ranking = Reranker(folder).rank(Query("tea"), [Candidate(0, "green tea"), Candidate(1, "a river")])
    assert sorted(result.index for result in ranking.results) == [0, 1]


def test_the_command_fails_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([str(tmp_path), "-o", str(tmp_path / "model")]) == 1
    assert "config.json is missing" in capsys.readouterr().err


def test_the_prompt_file_of_a_checkpoint_wins(checkpoint: Path, tmp_path: Path) -> None:
    own = write_checkpoint(tmp_path / "checkpoint", LLAMA)
    (own / "lastly_prompt.json").write_text(json.dumps(SHORT_PROMPT))
    manifest = export(own, tmp_path / "model").manifest
    assert (manifest.name, manifest.licence, manifest.block_size) == ("tiny", "Apache-2.0", 20)
    assert manifest.lexical_weight == 0.25
    assert manifest.prompt.suffix == "\n{query}<|rerank_token|>"
    assert manifest.max_query_length == 512  # not told, so the v3 default


def test_the_licence_of_the_checkpoint_is_kept_and_explained(tmp_path: Path) -> None:
    own = write_checkpoint(tmp_path / "checkpoint", LLAMA)
    (own / "README.md").write_text("---\nlanguage: en\nlicense: cc-by-nc-4.0\n---\n# A model\n")
    folder = export(own, tmp_path / "model")
    assert folder.manifest.licence == "cc-by-nc-4.0"
    assert "commercial" in (folder.path / "README.md").read_text()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [QWEN3, LLAMA], ids=["qwen3", "llama"])
def test_every_type_passes_its_own_threshold(tmp_path: Path, dtype: Dtype, shape: Shape) -> None:
    checkpoint = write_checkpoint(tmp_path / "checkpoint", shape)
    parity = export(checkpoint, tmp_path / "model", ExportOptions(dtype=dtype)).manifest.parity
    assert parity["reference"].startswith("transformers")
    assert parity["documents"] > parity["cases"] > 1


def test_a_bf16_folder_on_a_cpu_says_which_type_to_choose(checkpoint: Path, tmp_path: Path) -> None:
    folder = export(checkpoint, tmp_path / "model", ExportOptions(dtype="bf16", parity=False))
    with pytest.raises(ModelFolderError, match=r"bf16 runs on CUDA only.*--dtype"):
        Reranker(folder)


@pytest.mark.parametrize("dtype", ["fp16", "bf16", "int8"])
def test_a_narrow_type_makes_a_small_folder(checkpoint: Path, tmp_path: Path, dtype: Dtype) -> None:
    sizes = {}
    for kind in ("fp32", dtype):
        export(checkpoint, tmp_path / kind, ExportOptions(dtype=kind, parity=False))
        held = onnx.load(tmp_path / kind / "model.onnx", load_external_data=False).graph.initializer
        sizes[kind] = sum(int(e.value) for tensor in held for e in tensor.external_data if e.key == "length")
    # The projector and the final norm stay in fp32.
    assert sizes[dtype] < sizes["fp32"] * (0.4 if dtype == "int8" else 0.6)


@pytest.mark.parametrize("kind", ["fused", "portable"])
def test_int8_keeps_the_order(checkpoint: Path, tmp_path: Path, kind: GraphKind) -> None:
    """Random weights are the pessimistic case: their scores lie close together."""
    graph, reference = ExportedGraph(checkpoint, tmp_path, kind, "int8"), Reference(checkpoint)
    agreements = []
    for seed in range(6):
        prompt = Prompt.random(400, 30, 600, seed)
        agreements.append(spearman(scores(graph.run([prompt])[0]), scores(expected(reference, prompt))))
    assert np.mean(agreements) >= 0.95


@pytest.mark.parametrize("kind", ["fused", "portable"])
def test_int8_results_do_not_depend_on_the_batch(checkpoint: Path, tmp_path: Path, kind: GraphKind) -> None:
    graph = ExportedGraph(checkpoint, tmp_path, kind, "int8")
    prompts = [Prompt.random(length, 5, 600, seed=length) for length in (50, 400, 120)]
    for prompt, together in zip(prompts, graph.run(prompts), strict=True):
        alone = graph.run([prompt])[0]
        assert np.abs(scores(together) - scores(alone)).max() <= 1e-5


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_portable_graph_uses_standard_operators_only(checkpoint: Path, tmp_path: Path, dtype: Dtype) -> None:
    file = tmp_path / "model.onnx"
    write_graph(Checkpoint(checkpoint), file, dtype, "portable")
    assert _domains(onnx.load(file).graph) == {""}


def _domains(graph: onnx.GraphProto) -> set[str]:
    bodies = [attribute.g for node in graph.node for attribute in node.attribute if attribute.HasField("g")]
    return {node.domain for node in graph.node}.union(*(_domains(body) for body in bodies))


def test_the_portable_graph_passes_the_onnx_checker(checkpoint: Path, tmp_path: Path) -> None:
    for dtype in ("fp32", "fp16", "int8"):
        onnx.checker.check_model(str(ExportedGraph(checkpoint, tmp_path, "portable", dtype).file), full_check=True)


def test_the_reference_in_its_own_process_gives_the_same(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, folder = Checkpoint(checkpoint), export(checkpoint, tmp_path / "model", ExportOptions(parity=False))
    encodings = encode_cases(folder)[:2]
    name, here = reference_process.embed(opened, encodings, tmp_path)
    monkeypatch.delitem(sys.modules, "torch")
    other_name, there = reference_process.embed(opened, encodings, tmp_path)
    assert name == other_name
    for one, other in zip(here, there, strict=True):
        assert np.abs(one.documents - other.documents).max() <= 1e-5
        assert np.abs(one.query - other.query).max() <= 1e-5


def test_without_torch_the_portable_graph_is_the_reference(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_process, "transformers_installed", lambda: False)
    parity = export(checkpoint, tmp_path / "model").manifest.parity
    assert parity["reference"].startswith("portable graph")
    assert parity["max_abs_score_difference"] <= 1e-5
