"""The lab's page, used as a relevance engineer would."""

import random
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from lastly.evaluation.measures import measure
from tests.lab.conftest import KEY

QUERY = "temporary directory deleted afterwards"


def _search(page: Page, lab: str, query: str = QUERY) -> None:
    page.goto(lab)
    expect(page.locator("#model option")).to_have_count(1)
    page.fill("#query", query)
    page.keyboard.press("Enter")
    expect(page.locator("#reranked .hit").first).to_be_visible()


def _ask(page: Page, query: str) -> None:
    """Search another query on a page that shows one's results."""
    with page.expect_response("**/lab/api/search"):
        page.fill("#query", query)
        page.keyboard.press("Enter")
    expect(page.locator("#go")).to_be_enabled()


def _ids(page: Page, side: str) -> list[str]:
    return [str(item.get_attribute("data-id")) for item in page.locator(f"#{side} .hit").all()]


def test_both_orders_hold_the_same_hits_and_a_line_joins_each(page: Page, lab: str) -> None:
    _search(page, lab)
    first, reranked = _ids(page, "first"), _ids(page, "reranked")
    assert len(first) == 20
    assert sorted(first) == sorted(reranked)
    expect(page.locator("#lines path")).to_have_count(20)
    for place, item in enumerate(page.locator("#reranked .hit").all()[:5]):
        by = first.index(reranked[place]) - place
        expected = "=" if not by else f"{'▲' if by > 0 else '▼'} {abs(by)}"
        expect(item.locator(".move")).to_have_text(expected)


def test_words_of_the_query_are_marked_in_any_form(page: Page, lab: str) -> None:
    _search(page, lab, "temporary directories")
    marks = {mark.lower() for mark in page.locator("#first mark").all_inner_texts()}
    assert {"temporary", "directory"} <= marks


def test_a_judgment_gives_both_sides_their_ndcg_and_joins_the_set(page: Page, lab: str) -> None:
    _search(page, lab)
    expect(page.locator("#ndcg-first")).to_have_text("nDCG@10 –")
    page.locator("#first .hit").nth(2).locator(".star").click()
    expect(page.locator("#ndcg-first")).to_have_text("nDCG@10 50.0")
    expect(page.locator("#set .pick .query")).to_have_text(QUERY)
    expect(page.locator("#first .relevant")).to_have_count(1)
    expect(page.locator("#reranked .relevant")).to_have_count(1)
    page.reload()
    expect(page.locator("#set .pick")).to_have_count(1)


def test_keys_walk_judge_and_cross_over(page: Page, lab: str) -> None:
    _search(page, lab)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    chosen = _ids(page, "reranked")[1]
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
    _search(page, lab)
    chosen = _ids(page, "first")[0]
    page.locator("#first .star").first.click()
    for button, name in (("#export-qrels", "qrels.tsv"), ("#export-queries", "queries.jsonl")):
        with page.expect_download() as download:
            page.click(button)
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
    assert (tmp_path / "qrels.tsv").read_text() == f"query-id\tcorpus-id\tscore\n1\t{chosen}\t1\n"
    assert (tmp_path / "queries.jsonl").read_text() == f'{{"_id":"1","text":"{QUERY}"}}\n'


def test_the_window_and_the_instruction_search_again(page: Page, lab: str) -> None:
    _search(page, lab)
    page.locator("#window").fill("10")
    expect(page.locator("#first .hit")).to_have_count(10)
    with page.expect_request("**/lab/api/search") as request:
        page.fill("#instruction", "prefer short answers")
        page.keyboard.press("Tab")
    assert (request.value.post_data_json or {})["instruction"] == "prefer short answers"


def test_measures_of_other_settings_leave_the_mean_until_all_are_searched_again(page: Page, lab: str) -> None:
    _search(page, lab)
    page.locator("#first .star").nth(2).click()
    _ask(page, "wait for several threads")
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
    _search(page, lab)
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


def test_compact_puts_every_hit_on_a_line_and_is_kept(page: Page, lab: str) -> None:
    _search(page, lab)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")
    expect(page.locator("#density")).to_have_attribute("aria-pressed", "true")
    box = page.locator("#first .hit").first.bounding_box()
    assert box is not None
    assert box["height"] < 45
    page.reload()
    expect(page.locator("body")).to_have_class("compact")


def test_connecting_to_what_is_no_engine_says_so_and_keeps_the_dialog_open(page: Page, lab: str) -> None:
    page.goto(lab)
    page.click("#open-connect")
    for typed, said in (("127.0.0.1:9", "is it running?"), (lab, "is not JSON"), ("::", "URL")):
        page.fill("#connect-url", typed)
        page.click("#connect-go")
        expect(page.locator("#connect-error")).to_contain_text(said)
        expect(page.locator("#connect-go")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.locator("#connect-dialog")).to_be_hidden()
    expect(page.locator("#source option")).to_have_count(2)


def test_a_query_that_comes_before_the_page_knows_its_index_waits_for_it(page: Page, lab: str) -> None:
    held: list[Route] = []
    page.route("**/lab/api/indices*", lambda route: held.append(route))
    with page.expect_request("**/lab/api/indices*"):
        page.goto(lab)
    page.fill("#query", QUERY)
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("Searching…")
    held[0].continue_()
    expect(page.locator("#reranked .hit")).to_have_count(20)


def test_waiting_is_shown(page: Page, lab: str) -> None:
    page.goto(lab)
    expect(page.locator("#model option")).to_have_count(1)
    page.route("**/lab/api/search", lambda route: None)  # a server that does not answer
    page.fill("#query", QUERY)
    page.keyboard.press("Enter")
    expect(page.locator(".skeleton .bone").first).to_be_visible()
    expect(page.locator("#status")).to_have_text("Searching…")
    expect(page.locator("#go")).to_be_disabled()


def test_an_answer_that_comes_after_another_source_was_chosen_is_not_shown(page: Page, lab: str) -> None:
    page.goto(lab)
    expect(page.locator("#model option")).to_have_count(1)
    held: list[Route] = []
    page.route("**/lab/api/search", lambda route: held.append(route))
    with page.expect_request("**/lab/api/search"):
        page.fill("#query", QUERY)
        page.keyboard.press("Enter")
    page.select_option("#source", label="http://127.0.0.1:9 (not running)")
    expect(page.locator("#blank [role=alert]")).to_be_visible()
    with page.expect_response("**/lab/api/search"):
        held[0].continue_()
    expect(page.locator("#go")).to_be_enabled()
    expect(page.locator("#orders")).to_be_hidden()


def test_nothing_found_and_a_dead_engine_are_said_plainly(page: Page, lab: str) -> None:
    page.goto(lab)
    expect(page.locator("#blank")).to_contain_text("Type a query")
    page.fill("#query", "xyzzyplugh")
    page.click("#go")
    expect(page.locator("#blank")).to_contain_text("Nothing found")
    page.select_option("#source", label="http://127.0.0.1:9 (not running)")
    expect(page.locator("#blank [role=alert]")).to_contain_text("is it running?")


def test_texts_of_users_never_become_markup(page: Page, lab: str) -> None:
    _search(page, lab, "<img src=x onerror=alert(1)> directory")
    page.locator("#first .star").first.click()
    assert page.locator("#results img, #set img").count() == 0


def test_a_guarded_lab_asks_for_the_key(page: Page, guarded_lab: str) -> None:
    page.goto(guarded_lab)
    page.fill("#key", "wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#key-error")).to_have_text("That key is not known here.")
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#model option")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 390])
def test_nothing_overflows_the_screen(page: Page, lab: str, theme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    _search(page, lab)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_that_shuts_people_out(page: Page, lab: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    _search(page, lab)
    page.locator("#first .star").nth(1).click()
    assert Axe().run(page).response["violations"] == []
    page.click("#open-connect")
    assert Axe().run(page, context="dialog[open]").response["violations"] == []


def test_every_control_has_a_name(page: Page, lab: str) -> None:
    _search(page, lab)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select")].filter((one) =>
            !(one.textContent.trim() || one.getAttribute("aria-label") || (one.labels && one.labels.length)))
            .map((one) => one.outerHTML)"""
    )
    assert nameless == []


def test_the_page_counts_ndcg_as_ir_measures_does(page: Page, lab: str) -> None:
    page.goto(lab)
    draw = random.Random(3)
    for _ in range(20):
        ids = [f"d{number}" for number in draw.sample(range(40), 20)]
        grades = {f"d{number}": draw.randint(0, 3) for number in draw.sample(range(40), 12)} | {"d0": 1}
        counted = page.evaluate("([ids, grades]) => ndcg(ids, grades)", [ids, grades])
        assert counted == pytest.approx(measure({"q": ids}, {"q": grades})["nDCG@10"]["q"], abs=1e-9)
