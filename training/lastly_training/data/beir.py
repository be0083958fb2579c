"""Collections in BEIR's layout: corpus.jsonl, queries.jsonl, qrels.<split>.tsv, each plain or gzipped."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

Judgements = dict[int, dict[int, float]]
"""Row of a query -> row of a document -> gain (0 is judged and not relevant)."""


@dataclass
class Collection:
    """Texts by row, and the judgements of each split."""

    name: str
    documents: list[str]
    queries: list[str]
    judgements: dict[str, Judgements] = field(default_factory=dict)

    def relevant(self, split: str) -> dict[int, list[int]]:
        """Return the rows of the relevant documents by query; queries without any are left out."""
        judged = self.judgements.get(split, {})
        found = {query: [row for row, gain in gains.items() if gain > 0] for query, gains in judged.items()}
        return {query: rows for query, rows in found.items() if rows}


def read_collection(folder: Path) -> Collection:
    """Read a folder; judgements of unknown queries or documents are an error that names them."""
    corpus = list(_rows(folder, "corpus.jsonl"))
    queries = list(_rows(folder, "queries.jsonl"))
    collection = Collection(folder.name, [_passage(row) for row in corpus], [row["text"].strip() for row in queries])
    document_rows = {row["_id"]: place for place, row in enumerate(corpus)}
    query_rows = {row["_id"]: place for place, row in enumerate(queries)}
    for split in ("train", "dev", "test"):
        if _find(folder, f"qrels.{split}.tsv"):
            collection.judgements[split] = _judgements(folder, split, query_rows, document_rows)
    return collection


def read_collections(root: Path, split: str, names: list[str] | None = None) -> list[Collection]:
    """Read every folder of `root` (or those named) that has judgements of a split, in the order of their names."""
    folders = [root / name for name in names] if names else sorted(path for path in root.iterdir() if path.is_dir())
    found = [folder for folder in folders if _find(folder, f"qrels.{split}.tsv")]
    if not found:
        raise FileNotFoundError(f"{root} holds no folder with qrels.{split}.tsv or qrels.{split}.tsv.gz")
    return [read_collection(folder) for folder in found]


def without_held_out(collection: Collection) -> Collection:
    """Keep train judgements; drop what is relevant to a dev or test query but to no training query.

    Such documents would otherwise be seen in training: as texts of the teacher, and as negatives.
    """
    train = collection.judgements.get("train", {})
    wanted, dev, test = (
        {row for rows in collection.relevant(split).values() for row in rows} for split in ("train", "dev", "test")
    )
    held_out = (dev | test) - wanted
    kept = [row for row in range(len(collection.documents)) if row not in held_out]
    place = {row: index for index, row in enumerate(kept)}
    judgements = {
        query: {place[row]: gain for row, gain in gains.items() if row in place} for query, gains in train.items()
    }
    documents = [collection.documents[row] for row in kept]
    return Collection(collection.name, documents, collection.queries, {"train": judgements})


def _passage(row: dict[str, Any]) -> str:
    return f"{row.get('title') or ''} {row['text']}".strip()


def _judgements(folder: Path, split: str, queries: dict[str, int], documents: dict[str, int]) -> Judgements:
    judgements: Judgements = {}
    path = _find(folder, f"qrels.{split}.tsv")
    assert path is not None
    with _open(path) as lines:
        next(lines)
        for number, line in enumerate(lines, start=2):
            query, document, gain = line.rstrip("\n").split("\t")
            if query not in queries or document not in documents:
                raise ValueError(f"{path} line {number}: {query!r} or {document!r} is not in the queries or the corpus")
            judgements.setdefault(queries[query], {})[documents[document]] = float(gain)
    return judgements


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _open(path: Path) -> IO[str]:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    path = _find(folder, name)
    if path is None:
        raise FileNotFoundError(f"{folder} holds no {name} or {name}.gz")
    with _open(path) as lines:
        yield from (json.loads(line) for line in lines if line.strip())
