"""The lab's page is one that everybody can use: themes, widths, names, axe's rules."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.lab.asking import search
from tests.lab.conftest import KEY


def test_texts_of_users_never_become_markup(page: Page, lab: str) -> None:
    search(page, lab, "<img src=x onerror=alert(1)> directory")
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
    search(page, lab)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_that_shuts_people_out(page: Page, lab: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    search(page, lab)
    page.locator("#first .star").nth(1).click()
    assert Axe().run(page).response["violations"] == []
    page.click("#open-connect")
    assert Axe().run(page, context="dialog[open]").response["violations"] == []


def test_every_control_has_a_name(page: Page, lab: str) -> None:
    search(page, lab)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select")].filter((one) =>
            !(one.textContent.trim() || one.getAttribute("aria-label") || (one.labels && one.labels.length)))
            .map((one) => one.outerHTML)"""
    )
    assert nameless == []
