"""Judged collections in BEIR's folders."""

import gzip
from pathlib import Path

import pytest

from lastly.errors import InvalidRequestError
from lastly.evaluation.collection import Collection, read_collection, read_qrels
from tests.unit.evaluation.trials import QUESTIONS


def test_a_folder_is_read_with_judged_queries_only(collection: Collection) -> None:
    assert (collection.name, collection.split) == ("python-docs", "test")
    assert set(collection.queries) == set(QUESTIONS)  # 7 is judged and not asked
    assert collection.qrels["1"] == {"tempfile.mkdtemp": 1, "json": 0}
    assert len(collection.corpus) > 2_000


def test_qrels_beside_the_corpus_and_trec_s_columns_are_read(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "qrels.dev.tsv.gz", "wt") as file:
        file.write("1 0 d1 2\n1 0 d2 0\n")
    assert read_qrels(tmp_path / "qrels.dev.tsv.gz") == {"1": {"d1": 2, "d2": 0}}


@pytest.mark.parametrize("content", ["q\td\n", "q\td\t1\nq\td\tmuch\n"])
def test_broken_qrels_name_the_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + content)
    with pytest.raises(InvalidRequestError, match=r"line [23]"):
        read_qrels(tmp_path / "qrels.tsv")


def test_an_unknown_split_names_those_that_are_there(folder: Path) -> None:
    with pytest.raises(InvalidRequestError, match="no split dev; it has test"):
        read_collection(folder, "dev")
