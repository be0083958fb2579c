"""The documentation names what the code has, and nothing that it has not."""

import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from docs import chart_schema
from docs.configuration_page import page
from lastly.config import Settings
from lastly.errors import LastlyError
from lastly.monitoring.exporter import EngineCollector
from lastly.scheduling.metrics import Metrics

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def _metric_names() -> set[str]:
    return {family.name for family in Metrics().registry.collect()}


def test_the_reference_of_settings_is_the_one_that_the_code_makes() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == page(), "run: make docs"


def _variables_of_the_tests() -> set[str]:
    code = [file.read_text("utf-8") for file in (ROOT / "tests").rglob("*.py")]
    return {name for text in code for name in re.findall(r"environ[^\n]*\"(LASTLY_TEST_[A-Z]+)\"", text)}


def test_every_variable_of_the_tests_is_in_the_page_for_contributors() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert set(re.findall(r"LASTLY_TEST_[A-Z]+", page)) == _variables_of_the_tests()


def test_every_variable_in_the_docs_is_a_setting() -> None:
    known = {f"LASTLY_{name.upper()}" for name in Settings.model_fields} | _variables_of_the_tests()
    named = {name for file in PAGES for name in re.findall(r"\bLASTLY_[A-Z][A-Z_0-9]*", file.read_text("utf-8"))}
    assert named - known == set()


def test_every_metric_is_in_the_operations_page_and_the_other_way_round() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(lastly_[a-z_]+?)(?:_total)?`", text))
    assert named == _metric_names()


def test_every_metric_of_the_exporter_is_in_its_page_and_the_other_way_round() -> None:
    text = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(lastly_engine_[a-z_]+?)(?:_total)?` \|", text, re.MULTILINE))
    assert named == {family.name for family in EngineCollector([]).describe()}


ALERTS = ROOT / "deploy" / "helm" / "lastly" / "files" / "alerts.yml"


def _alerts() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def test_every_alert_is_promql_over_metrics_that_exist() -> None:
    families = {family.name for family in (*Metrics().registry.collect(), *EngineCollector([]).describe())}
    for alert in _alerts():
        promql_parser.parse(alert["expr"])
        asked = set(re.findall(r"lastly_\w+", alert["expr"]))
        assert {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in asked} <= families, alert["alert"]


def test_every_reason_that_an_alert_names_is_an_error_of_ours() -> None:
    codes = {kind.code for kind in _subclasses(LastlyError)} | {LastlyError.code}
    for alert in _alerts():
        for reasons in re.findall(r'lastly_refusals_total\{reason=~"([^"]+)"', alert["expr"]):
            assert set(reasons.split("|")) <= codes


def test_every_alert_has_its_paragraph_and_every_paragraph_its_alert() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    names = [alert["alert"] for alert in _alerts()]
    assert re.findall(r"^### (Lastly\w+)$", page, re.MULTILINE) == names
    assert [alert["annotations"]["runbook"] for alert in _alerts()] == [
        f"docs/monitoring.md#{name.lower()}" for name in names
    ]


def test_the_charts_settings_are_the_sidecar_s() -> None:
    assert chart_schema.SCHEMA.read_text(encoding="utf-8") == chart_schema.document()


def _subclasses(kind: type[LastlyError]) -> set[type[LastlyError]]:
    return {kind, *(each for below in kind.__subclasses__() for each in _subclasses(below))}


JAVA = ROOT / "plugin"
SETTINGS_PAGE = ROOT / "docs" / "index-settings.md"


def _java(engine: str, *names: str) -> str:
    """Return the code of classes, in whichever room they lie."""
    folder = JAVA / engine / "src" / "main" / "java"
    found = [path for name in names for path in folder.rglob(f"{name}.java")]
    assert len(found) == len(names)
    return "".join(path.read_text("utf-8") for path in found)


def _left_alone() -> set[str]:
    """Return the reasons that are counted where a search is left alone, and memory, which is counted as a failure."""
    constants = re.findall(r"^    ([A-Z_]+)[,;]$", _java("core", "SkipReason"), re.M)
    return {name.lower() for name in constants} - {"not_asked"}


@pytest.mark.parametrize("engine", ["opensearch", "elasticsearch"])
def test_every_index_and_node_setting_is_in_the_docs_and_the_other_way_round(engine: str) -> None:
    code = _java(engine, "IndexSettings", "NodeSettings", "BreakerBudget")
    of_an_index = re.findall(r'(?:PREFIX \+ |choice\()"(\w+)"', code)
    known = {f"index.lastly.{name}" for name in of_an_index} | set(re.findall(r'"(lastly\.\w+\.\w+)"', code))
    rows = re.findall(r"^\| `((?:index\.)?lastly\.[\w.]+)`", SETTINGS_PAGE.read_text("utf-8"), re.M)
    assert len(known) == 16
    assert set(rows) == known


def test_every_reason_in_the_code_is_in_the_docs() -> None:
    code = _java("core", "RerankFailure", "Reranker", "SidecarAnswer")
    pattern = r'(?:RerankFailure\(|return |\? |= |-> |wrong\()\s*"([a-z]+(?:_[a-z]+)*)"'
    reasons = set(re.findall(pattern, code)) | _left_alone() - {"grouping"}
    assert {"sort", "timeout", "busy", "internal", "no_query_text", "memory", "not_http"} <= reasons
    documented = set(re.findall(r"`([a-z_]+)`", SETTINGS_PAGE.read_text("utf-8")))
    assert reasons - documented == set()


def test_every_setting_and_reason_of_vespa_is_in_its_guide_and_the_other_way_round() -> None:
    guide = (ROOT / "docs" / "getting-started-vespa.md").read_text("utf-8")
    definition = JAVA / "vespa" / "src" / "main" / "resources" / "configdefinitions" / "com.lastly.vespa.rerank.def"
    known = {found[1] for found in re.finditer(r"^([a-z_.]+)(?:\[\])? (?:\w+)", definition.read_text("utf-8"), re.M)}
    table = guide.split("## Which settings are there?")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ((?:`[\w.]+`(?:, )?)+) \|", table, re.M)
    assert {name for row in rows for name in re.findall(r"`([\w.]+)`", row)} == known
    code = _java("vespa", "QuerySearch", "Candidates")
    reasons = set(re.findall(r'RerankFailure\(\s*"([a-z]+(?:_[a-z]+)*)"', code))
    reasons |= {name.lower() for name in re.findall(r"SkipReason\.([A-Z_]+)", code)}
    assert {"sort", "grouping", "fill"} <= reasons
    assert reasons - set(re.findall(r"`([a-z_]+)`", guide)) == set()
