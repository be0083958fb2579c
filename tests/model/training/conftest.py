"""A collection to train on, at toy size."""

from pathlib import Path

import pytest

from lastly_training.mini.example import texts
from lastly_training.mini.texts import Text, write_collection
from tests.model.training.runs import WORDS


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small collection to train on."""
    folder = tmp_path_factory.mktemp("data")
    short = [Text(" ".join(text.text.split()[:WORDS]), text.query) for text in texts(24)]
    write_collection(folder / "python", short, dev_every=4)
    return folder
