"""A test collection in BEIR's format: corpus, queries, judgments."""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from lastly.errors import InvalidRequestError
from lastly.search.documents import Document

Qrels = dict[str, dict[str, int]]
_PREFERRED = ("test", "dev", "validation", "train")


@dataclass(frozen=True)
class Collection:
    """Documents, the judged queries' texts, and graded judgments (query id → document id → grade)."""

    name: str
    split: str
    corpus: list[Document]
    queries: dict[str, str]
    qrels: Qrels


def read_collection(folder: Path, split: str | None = None, corpus: bool = True) -> Collection:
    """Read a BEIR folder; `split` None takes test, dev or train, whichever is there first.

    Queries without a relevant document are left out, as they have no measure. Raises InvalidRequestError.
    """
    split, file = _qrels_file(folder, split)
    qrels = {query: grades for query, grades in read_qrels(file).items() if any(grade > 0 for grade in grades.values())}
    texts = {record["_id"]: record.get("text", "") for record in records(folder, "queries")}
    queries = {query: texts[query] for query in qrels if texts.get(query)}
    if not queries:
        raise InvalidRequestError(f"{folder}: no query of {file.name} is in queries.jsonl; do the ids match?")
    documents = [_document(record) for record in records(folder, "corpus")] if corpus else []
    return Collection(folder.name, split, documents, queries, {query: qrels[query] for query in queries})


def read_qrels(file: Path) -> Qrels:
    """Read judgments: tab-separated query, document and grade with a header, or TREC's four columns."""
    qrels: Qrels = {}
    for _, query, document, grade in judgments(file):
        qrels.setdefault(query, {})[document] = int(grade)
    return qrels


def judgments(file: Path) -> Iterator[tuple[int, str, str, float]]:
    """Yield line number, query, document and grade of every judgment. Raises InvalidRequestError."""
    with _open(file) as lines:
        for number, row in enumerate(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            fields = row if len(row) > 1 else (row[0].split() if row else [])
            if not fields or (number == 1 and not _is_grade(fields[-1])):
                continue
            if len(fields) not in (3, 4) or not _is_grade(fields[-1]):
                raise InvalidRequestError(f"{file} line {number}: query, document and grade are wanted, tab-separated")
            yield number, fields[0], fields[-2], float(fields[-1])


def is_collection(folder: Path) -> bool:
    """Return whether a folder holds queries and judgments."""
    return any(_named(folder, "queries")) and bool(qrels_files(folder))


def _document(record: dict[str, str]) -> Document:
    return Document(id=record["_id"], title=record.get("title") or "", text=record.get("text") or "")


def _qrels_file(folder: Path, split: str | None) -> tuple[str, Path]:
    splits = qrels_files(folder)
    if not splits:
        raise InvalidRequestError(f"{folder} holds no judgments; qrels/test.tsv or qrels.test.tsv is looked for")
    if split is None:
        split = next((name for name in _PREFERRED if name in splits), sorted(splits)[0])
    if split not in splits:
        raise InvalidRequestError(f"{folder} has no split {split}; it has {', '.join(sorted(splits))}")
    return split, splits[split]


def qrels_files(folder: Path) -> dict[str, Path]:
    """Return the files of judgments by split."""
    files = [*folder.glob("qrels/*.tsv"), *folder.glob("qrels/*.tsv.gz")]
    named = {file.name.split(".")[0]: file for file in files}
    beside = [*folder.glob("qrels.*.tsv"), *folder.glob("qrels.*.tsv.gz")]
    return named | {file.name.split(".")[1]: file for file in beside}


def _named(folder: Path, name: str) -> list[Path]:
    return [file for suffix in ("", ".gz") if (file := folder / f"{name}.jsonl{suffix}").is_file()]


def records(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """Yield the lines of `corpus` or `queries`, each with its `_id`. Raises InvalidRequestError."""
    files = _named(folder, name)
    if not files:
        raise InvalidRequestError(f"{folder} holds no {name}.jsonl (or {name}.jsonl.gz)")
    with _open(files[0]) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                record["_id"] = str(record["_id"])
            except (ValueError, KeyError, TypeError) as error:
                message = f"{files[0]} line {number}: not a JSON object with an _id"
                raise InvalidRequestError(message) from error
            yield record


def _open(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return cast("IO[str]", gzip.open(file, "rt", encoding="utf-8", newline=""))
    return file.open(encoding="utf-8", newline="")


def _is_grade(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
