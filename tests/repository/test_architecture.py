"""ARCHITECTURE.md is made from the code where it can be, and names files that exist where it can't."""

import re
from pathlib import Path

from docs import rooms

ROOT = Path(__file__).parents[2]
HOUSES = ("lastly", "integrations", "onnx_export", "training")
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_picture_and_table_are_those_of_the_code() -> None:
    assert rooms.document() == PAGE, "run: make docs"


def test_the_rooms_form_no_circle() -> None:
    arrows = rooms.arrows_between_rooms()
    done: set[str] = set()
    while free := {room for room in arrows if room not in done and arrows[room] <= done}:
        done |= free
    assert done == set(arrows)


def test_every_question_is_answered_by_a_file_that_exists() -> None:
    section = PAGE.split("## Where is …?")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+\?) \| `([^`]+)` \|", section, re.MULTILINE)
    assert len(rows) >= 10
    assert [file for _, file in rows if not (ROOT / file).exists()] == []


def test_every_path_that_the_page_names_exists() -> None:
    named = re.findall(
        r"`((?:lastly|onnx_export|integrations|plugin|training|deploy|tests|benchmarks|docs)/[\w./-]*)`", PAGE
    )
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_a_room_is_small_enough_to_be_looked_over() -> None:
    packages = {file.parent for file in ROOT.glob("*/**/*.py") if not {".venv", "build"} & set(file.parts)}
    sizes = {folder: len([file for file in folder.glob("*.py") if file.name != "__init__.py"]) for folder in packages}
    product = {folder: size for folder, size in sizes.items() if folder.relative_to(ROOT).parts[0] in HOUSES}
    assert sizes[ROOT / "lastly"] <= 12
    assert {str(folder.relative_to(ROOT)): size for folder, size in product.items() if size > 14} == {}
