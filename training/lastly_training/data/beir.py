"""Collections in BEIR's layout: corpus.jsonl, queries.jsonl, qrels.<split>.tsv, each plain or gzipped."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lastly.evaluation.collection import judgments, qrels_files, records

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
    corpus = list(records(folder, "corpus"))
    queries = list(records(folder, "queries"))
    collection = Collection(folder.name, [_passage(row) for row in corpus], [row["text"].strip() for row in queries])
    document_rows = {row["_id"]: place for place, row in enumerate(corpus)}
    query_rows = {row["_id"]: place for place, row in enumerate(queries)}
    files = qrels_files(folder)
    for split in ("train", "dev", "test"):
        if split in files:
            collection.judgements[split] = _judgements(files[split], query_rows, document_rows)
    return collection


def read_collections(root: Path, split: str, names: list[str] | None = None) -> list[Collection]:
    """Read every folder of `root` (or those named) that has judgements of a split, in the order of their names."""
    folders = [root / name for name in names] if names else sorted(path for path in root.iterdir() if path.is_dir())
    found = [folder for folder in folders if split in qrels_files(folder)]
    if not found:
        raise FileNotFoundError(f"{root} holds no folder with qrels.{split}.tsv, plain or gzipped")
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


def _judgements(file: Path, queries: dict[str, int], documents: dict[str, int]) -> Judgements:
    judgements: Judgements = {}
    for number, query, document, gain in judgments(file):
        if query not in queries or document not in documents:
            raise ValueError(f"{file} line {number}: {query!r} or {document!r} is not in the queries or the corpus")
        judgements.setdefault(queries[query], {})[documents[document]] = gain
    return judgements
