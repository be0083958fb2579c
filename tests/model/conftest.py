"""One random checkpoint, exported once, for the tests of the model core."""

from pathlib import Path

import pytest

from lastly import model
from lastly.model import ModelFolder
from lastly.reranker import Reranker
from onnx_export.export import export
from tests.model.checkpoints import QWEN3, write_checkpoint
from tests.model.reference import Reference


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "random", QWEN3)


@pytest.fixture(scope="session")
def folder(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    target = tmp_path_factory.mktemp("model") / "folder"
    export(checkpoint, target)
    return model.load(target)


@pytest.fixture(scope="session")
def ours(folder: ModelFolder) -> Reranker:
    return Reranker(folder)


@pytest.fixture(scope="session")
def reference(checkpoint: Path) -> Reference:
    return Reference(checkpoint)
