"""The corpus of the demo: this Python's own documentation."""

import pytest

from lastly.search.documents import Document


def test_the_documentation_holds_thousands_of_distinct_documents(documentation: list[Document]) -> None:
    assert len(documentation) > 2_000
    assert len({document.id for document in documentation}) == len(documentation)


@pytest.mark.parametrize("name", ["subprocess.run", "pathlib.Path.read_text", "json", "builtins.sorted"])
def test_known_names_are_documented(documentation: list[Document], name: str) -> None:
    assert name in {document.id for document in documentation}
