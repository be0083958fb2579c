"""Judgments on the lab's page: given, measured, exported, read again."""

import random
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lastly.evaluation.measures import measure
from tests.lab.asking import QUERY, ask, search, shown_ids


def test_a_judgment_gives_both_sides_their_ndcg_and_joins_the_set(page: Page, lab: str) -> None:
    search(page, lab)
    expect(page.locator("#ndcg-first")).to_have_text("nDCG@10 –")
    page.locator("#first .hit").nth(2).locator(".star").click()
    expect(page.locator("#ndcg-first")).to_have_text("nDCG@10 50.0")
    expect(page.locator("#set .pick .query")).to_have_text(QUERY)
    expect(page.locator("#first .relevant")).to_have_count(1)
    expect(page.locator("#reranked .relevant")).to_have_count(1)
    page.reload()
    expect(page.locator("#set .pick")).to_have_count(1)


def test_keys_walk_judge_and_cross_over(page: Page, lab: str) -> None:
    search(page, lab)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    chosen = shown_ids(page, "reranked")[1]
    page.keyboard.press("r")
    expect(page.locator("#reranked .relevant")).to_have_attribute("data-id", chosen)
    page.keyboard.press("h")
    expect(page.locator("#first .hit:focus")).to_have_attribute("data-id", chosen)
    page.keyboard.press("r")
    expect(page.locator(".hit.relevant")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("#first .hit.open")).to_have_count(1)
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()


def test_exported_judgments_and_queries_belong_together(page: Page, lab: str, tmp_path: Path) -> None:
    search(page, lab)
    chosen = shown_ids(page, "first")[0]
    page.locator("#first .star").first.click()
    for button, name in (("#export-qrels", "qrels.tsv"), ("#export-queries", "queries.jsonl")):
        with page.expect_download() as download:
            page.click(button)
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
    assert (tmp_path / "qrels.tsv").read_text() == f"query-id\tcorpus-id\tscore\n1\t{chosen}\t1\n"
    assert (tmp_path / "queries.jsonl").read_text() == f'{{"_id":"1","text":"{QUERY}"}}\n'


def test_measures_of_other_settings_leave_the_mean_until_all_are_searched_again(page: Page, lab: str) -> None:
    search(page, lab)
    page.locator("#first .star").nth(2).click()
    ask(page, "wait for several threads")
    page.locator("#first .star").nth(0).click()
    expect(page.locator("#means")).to_contain_text("of 2 queries")
    page.locator("#window").fill("10")
    expect(page.locator("#means")).to_contain_text("1 measured under other settings")
    expect(page.locator("#set .pair.stale")).to_have_count(1)
    page.click("#run")
    expect(page.locator("#set .pair.stale")).to_have_count(0)
    expect(page.locator("#means")).to_contain_text("of 2 queries")
    expect(page.locator("#run")).to_have_text("Search all again")


def test_an_exported_set_comes_back_with_its_judgments(page: Page, lab: str, tmp_path: Path) -> None:
    search(page, lab)
    page.locator("#first .star").nth(2).click()
    before = page.inner_text("#set .pair")
    files = []
    for button in ("#export-qrels", "#export-queries"):
        with page.expect_download() as download:
            page.click(button)
        files.append(tmp_path / download.value.suggested_filename)
        download.value.save_as(files[-1])
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#clear")
    expect(page.locator("#set li")).to_have_count(0)
    expect(page.locator("#export-qrels")).to_be_disabled()
    page.set_input_files("#import", files)
    expect(page.locator("#set .pair")).to_have_text(before)
    expect(page.locator("#first .relevant")).to_have_count(1)


def test_the_page_counts_ndcg_as_ir_measures_does(page: Page, lab: str) -> None:
    page.goto(lab)
    draw = random.Random(3)
    for _ in range(20):
        ids = [f"d{number}" for number in draw.sample(range(40), 20)]
        grades = {f"d{number}": draw.randint(0, 3) for number in draw.sample(range(40), 12)} | {"d0": 1}
        counted = page.evaluate("([ids, grades]) => ndcg(ids, grades)", [ids, grades])
        assert counted == pytest.approx(measure({"q": ids}, {"q": grades})["nDCG@10"]["q"], abs=1e-9)
