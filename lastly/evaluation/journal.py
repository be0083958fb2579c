"""Finished queries on disk, one JSON line each, so that an interrupted evaluation goes on where it stopped."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import BaseModel

from lastly.errors import InvalidRequestError


class Outcome(BaseModel):
    """The ranking of one query under one variant: document ids from best to worst; seconds; tokens read."""

    query: str
    variant: str
    ids: list[str]
    seconds: float
    tokens: int = 0


class Journal:
    """Outcomes kept in a file; the first line says what they belong to. Use it in `with`."""

    def __init__(self, file: Path, belongs_to: Mapping[str, Any]) -> None:
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        head = json.dumps(belongs_to, sort_keys=True, ensure_ascii=False)
        if file.exists() and file.stat().st_size:
            self._read(file, head)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file.open("a", encoding="utf-8")
        if self._file.tell() == 0:
            self._write(head)

    def __enter__(self) -> "Journal":
        """Return the journal itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file."""
        self._file.close()

    def get(self, query: str, variant: str) -> Outcome | None:
        """Return a finished outcome, or None."""
        return self._outcomes.get((query, variant))

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome; it is on disk when this returns."""
        self._outcomes[outcome.query, outcome.variant] = outcome
        self._write(outcome.model_dump_json())

    def _write(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()

    def _read(self, file: Path, head: str) -> None:
        content = file.read_text(encoding="utf-8")
        first, _, rest = content.partition("\n")
        if first != head:
            raise InvalidRequestError(
                f"{file} belongs to an evaluation of other data, model or settings; "
                "choose another --output, or --fresh to begin anew"
            )
        whole, _, torn = rest.rpartition("\n")
        for line in whole.splitlines():
            outcome = Outcome.model_validate_json(line)
            self._outcomes[outcome.query, outcome.variant] = outcome
        if torn:  # a process that was killed in the middle of a line: that query is done again
            file.write_text(content[: -len(torn)], encoding="utf-8")
