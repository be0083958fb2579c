"""Python's documentation as a judged collection, and one trial over it."""

import gzip
import json
from pathlib import Path

import pytest

from lastly.evaluation.collection import Collection, read_collection
from lastly.evaluation.first_stages import EmbeddedBm25
from lastly.evaluation.results import Result
from lastly.search.python_docs import python_documentation
from tests.unit.evaluation.trials import QUESTIONS, Oracle, run_trial, trial_of


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python's documentation as a BEIR folder."""
    folder = tmp_path_factory.mktemp("beir") / "python-docs"
    (folder / "qrels").mkdir(parents=True)
    with gzip.open(folder / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        for document in python_documentation():
            file.write(json.dumps({"_id": document.id, "title": document.title, "text": document.text}) + "\n")
    lines = [json.dumps({"_id": query, "text": text}) for query, (text, _) in QUESTIONS.items()]
    (folder / "queries.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = ["query-id\tcorpus-id\tscore", *(f"{query}\t{answer}\t1" for query, (_, answer) in QUESTIONS.items())]
    (folder / "qrels" / "test.tsv").write_text("\n".join([*rows, "7\tjson\t1", "1\tjson\t0"]), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def collection(folder: Path) -> Collection:
    return read_collection(folder)


@pytest.fixture(scope="session")
def bm25(collection: Collection) -> EmbeddedBm25:
    return EmbeddedBm25(collection)


@pytest.fixture(scope="session")
def result(collection: Collection, bm25: EmbeddedBm25, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run_trial(trial_of(collection, bm25, Oracle()), tmp_path_factory.mktemp("journal") / "journal.jsonl")
