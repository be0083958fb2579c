"""This Python's documentation, read once."""

import pytest

from lastly.search.documents import Document
from lastly.search.python_docs import python_documentation


@pytest.fixture(scope="session")
def documentation() -> list[Document]:
    return python_documentation()
