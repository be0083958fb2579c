"""The published tables: which collections they are made of, and the figures to stand beside."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel, ConfigDict

from lastly.evaluation.collection import is_collection
from lastly.evaluation.report import table
from lastly.evaluation.results import Result

TABLES = ("beir", "miracl", "mkqa", "coir")


class Figure(BaseModel):
    """A published mean, in points of 100."""

    model_config = ConfigDict(extra="forbid")

    model: str
    value: float


class Member(BaseModel):
    """One collection of a table: its folder below --data, and what is special about it."""

    model_config = ConfigDict(extra="forbid")

    folder: str
    split: str = "test"
    drop_own: bool = False


class PublishedTable(BaseModel):
    """A table: its measure, members, figures, and where the figures come from."""

    model_config = ConfigDict(extra="forbid")

    title: str
    measure: str
    first_stage: str
    source: str
    collections: list[Member]
    figures: list[Figure]


@dataclass(frozen=True)
class AtHand:
    """Which members' folders were found."""

    found: list[Member]
    missing: list[Member]


def load_table(name: str) -> PublishedTable:
    """Read a table's configuration."""
    file = resources.files("lastly.evaluation") / "tables" / f"{name}.toml"
    return PublishedTable.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))


def look_for(published: PublishedTable, root: Path) -> AtHand:
    """Look for the members' folders below `root`."""
    found = [member for member in published.collections if is_collection(root / member.folder)]
    return AtHand(found, [member for member in published.collections if member not in found])


@dataclass(frozen=True)
class Beside:
    """What the reports say of a published table: notes before, a table after, and the same for programs."""

    notes: list[str]
    markdown: str
    content: dict[str, Any]


def compared(published: PublishedTable, at_hand: AtHand, results: list[Result], reranker: str) -> Beside:
    """Set our means beside the published ones."""
    table_of_both = f"\n## Beside the published figures\n\n{beside(published, results, reranker)}"
    content = {
        **published.model_dump(include={"title", "measure", "first_stage", "source", "figures"}),
        "ours": {
            "first_stage": 100 * fmean(result.first.mean(published.measure) for result in results),
            "reranked": 100 * fmean(result.main.mean(published.measure) for result in results),
            "missing": [member.folder for member in at_hand.missing],
        },
    }
    return Beside(notes(published, at_hand), table_of_both, content)


def notes(published: PublishedTable, at_hand: AtHand) -> list[str]:
    """Return what the table covers here, so that nobody compares unlike things."""
    lines = [f"{published.title}, {published.measure}. Published figures: {published.source}."]
    lines.append(f"The published first stage is {published.first_stage}; compare differences, not only levels.")
    if at_hand.missing:
        names = ", ".join(member.folder for member in at_hand.missing)
        lines.append(f"Not at hand, so not in our mean: {names}.")
    return lines


def beside(published: PublishedTable, results: list[Result], reranker: str) -> str:
    """Write our means beside the published ones."""
    measured = f"{len(results)} of {len(published.collections)} collections"
    ours = [
        [f"first stage here, {measured}", f"{100 * fmean(r.first.mean(published.measure) for r in results):.2f}"],
        [f"**{reranker}** here, {measured}", f"{100 * fmean(r.main.mean(published.measure) for r in results):.2f}"],
    ]
    theirs = [[f"{figure.model} (published)", f"{figure.value:.2f}"] for figure in published.figures]
    return "\n".join(table(["model", published.measure], [*ours, *theirs])) + "\n"
