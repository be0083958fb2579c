"""A bad line is named and skipped; nothing else is lost."""

from pathlib import Path

import pytest

from lastly.errors import InvalidRequestError
from lastly.search.documents import read


def _file(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "documents.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_bad_lines_are_named_by_number_and_the_rest_is_kept(tmp_path: Path) -> None:
    file = _file(
        tmp_path,
        '{"id": "a", "text": "one", "title": "t", "extra": 1}',
        "{broken",
        "",
        '{"id": "b"}',
        '{"id": 3, "text": "three"}',
        '{"id": "a", "text": "again"}',
        '["list"]',
    )
    documents = read(file)
    assert [(document.id, document.text) for document in documents.good] == [("a", "one"), ("3", "three")]
    assert [line.number for line in documents.bad] == [2, 4, 6, 7]
    complaint = documents.complaint()
    assert complaint is not None
    assert complaint.startswith("4 of 6 lines skipped (line 2: not JSON; line 4: text: Field required")


def test_a_complaint_holds_no_text_of_the_documents(tmp_path: Path) -> None:
    documents = read(_file(tmp_path, '{"id": "a", "text": ["secret"]}', '{"id": "b", "text": "fine"}'))
    assert "secret" not in str(documents.complaint())


def test_a_title_is_the_passage_s_first_line(tmp_path: Path) -> None:
    documents = read(_file(tmp_path, '{"id": "a", "text": "body", "title": "head"}', '{"id": "b", "text": "body"}'))
    assert [document.passage for document in documents.good] == ["head\nbody", "body"]


def test_a_file_without_documents_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="no document"):
        read(_file(tmp_path, "{", "["))


def test_bytes_that_are_not_utf8_are_a_bad_line(tmp_path: Path) -> None:
    file = tmp_path / "documents.jsonl"
    file.write_bytes(b'{"id": "a", "text": "\xff"}\n{"id": "b", "text": "ok"}\n')
    assert [line.number for line in read(file).bad] == [1]


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="nowhere"):
        read(tmp_path / "nowhere.jsonl")
