"""What a model reads lies in its folder and is listed with its sha256."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lastly.config import embedded_model
from lastly.errors import ModelFolderError
from lastly.model.external_data import locations
from lastly.model.folder import MANIFEST, ModelFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(embedded_model(), tmp_path / "model"))


def change(folder: Path, **changes: Any) -> None:
    file = folder / MANIFEST
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_the_embedded_model_lists_what_it_reads() -> None:
    folder = ModelFolder.load(embedded_model())
    assert locations(folder.graph_path) == {"model.onnx.data"}


@pytest.mark.parametrize("missing", ["model.onnx", "model.onnx.data", "tokenizer.json"])
def test_a_file_that_is_read_and_not_listed_is_refused(folder: Path, missing: str) -> None:
    files = json.loads((folder / MANIFEST).read_text())["files"]
    change(folder, files={name: digest for name, digest in files.items() if name != missing})
    with pytest.raises(ModelFolderError, match=missing):
        ModelFolder.load(folder, verify=False)


@pytest.mark.parametrize("place", ["../elsewhere/model.onnx", "/elsewhere/model.onnx"])
def test_a_graph_outside_the_folder_is_refused(folder: Path, place: str) -> None:
    change(folder, graph=json.loads((folder / MANIFEST).read_text())["graph"] | {"file": place})
    with pytest.raises(ModelFolderError, match="elsewhere"):
        ModelFolder.load(folder)


def test_weights_outside_the_folder_are_refused(folder: Path) -> None:
    graph = folder / "model.onnx"
    graph.write_bytes(graph.read_bytes().replace(b"model.onnx.data", b"../x/model.data"))
    with pytest.raises(ModelFolderError, match=r"\.\./x"):
        ModelFolder.load(folder, verify=False)
