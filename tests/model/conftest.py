"""One random checkpoint, exported once, for the tests of the model core."""

from pathlib import Path

import pytest

from lastly.model.folder import ModelFolder
from lastly.ranking.reranker import Reranker
from lastly_export.export import export
from tests.kit.models.checkpoints import QWEN3, write_checkpoint
from tests.kit.models.reference import Reference


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "random", QWEN3)


@pytest.fixture(scope="session")
def folder(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    target = tmp_path_factory.mktemp("model") / "folder"
    export(checkpoint, target)
    return ModelFolder.load(target)


@pytest.fixture(scope="session")
def ours(folder: ModelFolder) -> Reranker:
    return Reranker(folder)


@pytest.fixture(scope="session")
def reference(checkpoint: Path) -> Reference:
    return Reference(checkpoint)
