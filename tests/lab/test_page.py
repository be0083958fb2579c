"""The lab's page, used as a relevance engineer would."""

from playwright.sync_api import Page, Route, expect

from tests.lab.asking import QUERY, search, shown_ids


def test_both_orders_hold_the_same_hits_and_a_line_joins_each(page: Page, lab: str) -> None:
    search(page, lab)
    first, reranked = shown_ids(page, "first"), shown_ids(page, "reranked")
    assert len(first) == 20
    assert sorted(first) == sorted(reranked)
    expect(page.locator("#lines path")).to_have_count(20)
    for place, item in enumerate(page.locator("#reranked .hit").all()[:5]):
        by = first.index(reranked[place]) - place
        expected = "=" if not by else f"{'▲' if by > 0 else '▼'} {abs(by)}"
        expect(item.locator(".move")).to_have_text(expected)


def test_words_of_the_query_are_marked_in_any_form(page: Page, lab: str) -> None:
    search(page, lab, "temporary directories")
    marks = {mark.lower() for mark in page.locator("#first mark").all_inner_texts()}
    assert {"temporary", "directory"} <= marks


def test_the_window_and_the_instruction_search_again(page: Page, lab: str) -> None:
    search(page, lab)
    page.locator("#window").fill("10")
    expect(page.locator("#first .hit")).to_have_count(10)
    with page.expect_request("**/lab/api/search") as request:
        page.fill("#instruction", "prefer short answers")
        page.keyboard.press("Tab")
    assert (request.value.post_data_json or {})["instruction"] == "prefer short answers"


def test_compact_puts_every_hit_on_a_line_and_is_kept(page: Page, lab: str) -> None:
    search(page, lab)
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
