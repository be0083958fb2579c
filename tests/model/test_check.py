"""`lastly check`: a good folder passes every step, a folder that answers otherwise than at its export does not."""

import json
import shutil
from pathlib import Path

import onnx
import pytest

from lastly.commands import check
from lastly.errors import ModelFolderError
from lastly.graph.opsets import opsets
from lastly.model.folder import MANIFEST, ModelFolder, sha256
from lastly_export.export import ExportOptions, export
from tests.kit.models.checkpoints import LLAMA, write_checkpoint


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoint = write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "random", LLAMA)
    return export(checkpoint, tmp_path_factory.mktemp("folder") / "model", ExportOptions(dtype="int8")).path


def rewritten(folder: Path, target: Path, **changes: object) -> Path:
    shutil.copytree(folder, target)
    manifest = json.loads((target / MANIFEST).read_text()) | changes
    (target / MANIFEST).write_text(json.dumps(manifest))
    return target


def test_the_embedded_model_passes_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.run([]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[1].rstrip(":") for line in printed.splitlines() if line.startswith("good")] == [
        "files",
        "operators",
        "runtime",
        "known",
        "memory",
    ]


def test_an_export_writes_down_the_answer_it_gave(exported: Path) -> None:
    known = ModelFolder.load(exported).manifest.known_answer
    assert known is not None
    assert len(known.scores) == len(known.documents) > 1
    assert len(set(known.scores)) == len(known.scores)
    assert check.run([str(exported)]) == 0


def test_another_answer_than_at_the_export_is_bad(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = ModelFolder.load(exported).manifest.known_answer
    assert known is not None
    wrong = {"query": known.query, "documents": known.documents, "scores": [-score for score in known.scores]}
    folder = rewritten(exported, tmp_path / "model", known_answer=wrong)
    assert check.run([str(folder)]) == 1
    assert "known answer: largest score difference" in capsys.readouterr().out


def test_a_folder_without_an_answer_says_how_to_get_one(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = rewritten(exported, tmp_path / "model", known_answer=None)
    assert check.run([str(folder)]) == 1
    assert "without --skip-parity" in capsys.readouterr().out


def test_operator_sets_beyond_the_kernels_are_told(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = rewritten(exported, tmp_path / "model")
    graph = onnx.load(folder / "model.onnx", load_external_data=False)
    assert opsets(folder / "model.onnx") == {each.domain or "ai.onnx": each.version for each in graph.opset_import}
    graph.opset_import[0].version = 26
    onnx.save(graph, folder / "model.onnx")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["model.onnx"] = sha256(folder / "model.onnx")
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert check.run([str(folder)]) == 1
    assert "operator set 20" in " ".join(capsys.readouterr().out.split())


def test_a_file_that_is_no_graph_is_told(tmp_path: Path) -> None:
    for content in (b"", b"no graph", b"\xff" * 40):
        (tmp_path / "model.onnx").write_bytes(content)
        if content:
            with pytest.raises(ModelFolderError, match="export the model again"):
                opsets(tmp_path / "model.onnx")


def test_a_changed_file_stops_the_examination(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = rewritten(exported, tmp_path / "model")
    with (folder / "tokenizer.json").open("a") as file:
        file.write(" ")
    assert check.run([str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "tokenizer.json" in printed
    assert "memory" not in printed
