"""What a test does on the lab's page: search, search again, read the hits."""

from playwright.sync_api import Page, expect

QUERY = "temporary directory deleted afterwards"


def search(page: Page, lab: str, query: str = QUERY) -> None:
    page.goto(lab)
    expect(page.locator("#model option")).to_have_count(1)
    page.fill("#query", query)
    page.keyboard.press("Enter")
    expect(page.locator("#reranked .hit").first).to_be_visible()


def ask(page: Page, query: str) -> None:
    """Search another query on a page that shows one's results."""
    with page.expect_response("**/lab/api/search"):
        page.fill("#query", query)
        page.keyboard.press("Enter")
    expect(page.locator("#go")).to_be_enabled()


def shown_ids(page: Page, side: str) -> list[str]:
    return [str(item.get_attribute("data-id")) for item in page.locator(f"#{side} .hit").all()]
