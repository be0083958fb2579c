"""The table of what reaches a filter names tests that exist, or says why there is none."""

import re
from pathlib import Path

import pytest

ENGINES = Path(__file__).parents[1] / "engines"
POINTS = 30
SHORTEST_REASON = 12


def _rows() -> list[list[str]]:
    lines = (ENGINES / "POINTS.md").read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d", line)]


def _tests(engine: str) -> set[str]:
    """Return the tests that run in an engine: its folder's, and those of the shared suites."""
    files = [*(ENGINES / "suites").glob("*.py"), *(ENGINES / engine).glob("*.py")]
    return {name for file in files for name in re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8"))}


def test_every_point_is_there_once() -> None:
    assert [int(row[0]) for row in _rows()] == list(range(1, POINTS + 1))


@pytest.mark.parametrize(("engine", "column"), [("opensearch", 2), ("elasticsearch", 3)])
def test_every_point_has_tests_that_exist_or_a_reason(engine: str, column: int) -> None:
    known = _tests(engine)
    for row in _rows():
        named = set(re.findall(r"`(test_\w+)`", row[column]))
        assert named - known == set(), row[0]
        assert named or len(row[column]) >= SHORTEST_REASON, row[0]
