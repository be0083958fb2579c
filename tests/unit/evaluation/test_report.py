"""The report, and the published tables beside it."""

import json
from pathlib import Path

import pytest

from lastly.evaluation import plot, published, report
from lastly.evaluation.measures import measure
from lastly.evaluation.results import Result
from tests.unit.evaluation.trials import QUESTIONS


def test_the_report_holds_every_part(result: Result, tmp_path: Path) -> None:
    heading = report.Heading("lastly eval x", "BM25 (embedded)", "oracle", 100)
    markdown = report.to_markdown(heading, [result, result])
    for part in ("**mean**", "### Windows", "shuffled, 2 seeds", "reversed", "### Largest gains", "lastly eval x"):
        assert part in markdown
    content = json.loads(json.dumps(report.to_json(heading, [result])))
    entry = content["collections"][0]
    assert entry["differences"]["nDCG@10"]["wins"] == result.difference().wins
    assert set(entry["per_query"]["values"]) == set(QUESTIONS)
    plot.draw(result, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", published.TABLES)
def test_published_tables_are_complete(name: str) -> None:
    table = published.load_table(name)
    assert "jina-reranker-v3" in {figure.model for figure in table.figures}
    folders = [member.folder for member in table.collections]
    assert len(folders) == len(set(folders)) >= 10
    assert measure({"1": ["a"]}, {"1": {"a": 1}}, [table.measure]) == {table.measure: {"1": 1.0}}


def test_a_table_takes_what_is_at_hand_and_names_the_rest(folder: Path, result: Result) -> None:
    table = published.load_table("beir")
    (folder.parent / "scifact").symlink_to(folder)
    at_hand = published.look_for(table, folder.parent)
    assert [member.folder for member in at_hand.found] == ["scifact"]
    assert "nfcorpus" in published.notes(table, at_hand)[-1]
    beside = published.compared(table, at_hand, [result], "oracle")
    assert beside.content["ours"]["reranked"] == pytest.approx(100 * result.main.mean("nDCG@10"))
    assert {"model": "jina-reranker-v3", "value": 61.94} in beside.content["figures"]
    assert json.loads(json.dumps(beside.content))["ours"]["missing"][0] == "arguana"
    text = beside.markdown
    assert "1 of 13 collections" in text
    assert "| jina-reranker-v3 (published) | 61.94 |" in text
