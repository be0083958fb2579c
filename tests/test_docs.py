"""The documentation names what the code has, and nothing that it has not."""

import re
from pathlib import Path

from lastly.config import Settings
from lastly.configuration_page import page
from lastly.metrics import Metrics

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def _metric_names() -> set[str]:
    return {family.name for family in Metrics().registry.collect()}


def test_the_reference_of_settings_is_the_one_that_the_code_makes() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == page(), "run: make docs"


def test_every_variable_in_the_docs_is_a_setting() -> None:
    known = {f"LASTLY_{name.upper()}" for name in Settings.model_fields}
    named = {name for file in PAGES for name in re.findall(r"\bLASTLY_[A-Z][A-Z_0-9]*", file.read_text("utf-8"))}
    assert named - known == set()


def test_every_metric_is_in_the_operations_page_and_the_other_way_round() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(lastly_[a-z_]+?)(?:_total)?`", text))
    assert named == _metric_names()
