"""The page for everybody: keyboard, address, themes, narrow screens, accessibility."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.pages.events import PRODUCT, USER, bad, described, page_view, send

ROWS = "#rows tr"
SELECTED = "#rows [aria-selected=true]"


@pytest.fixture
def with_events(open_page, collector):
    """Opens the page with three events, of which the oldest is bad."""

    def open_(query: str = "", **settings):
        send(collector, bad(), page_view(), described({"id": 7}, PRODUCT, USER))
        page = open_page(query, **settings)
        expect(page.locator(ROWS)).not_to_have_count(0)
        return page

    return open_


def test_keyboard(with_events, collector):
    page = with_events()
    press = page.keyboard.press
    press("j")
    expect(page.locator(SELECTED)).to_contain_text("order")
    press("ArrowDown")
    expect(page.locator(SELECTED)).to_contain_text("page_view")
    press("k")
    press("Enter")
    expect(page.locator("#detail h2")).to_have_text("order")
    press("3")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Raw")
    press("c")
    expect(page.locator("#toast")).to_have_text("Copied")
    press("j")
    expect(page.locator("#detail h2")).to_have_text("page_view")
    press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    press("f")
    expect(page.locator(ROWS)).to_have_count(1)
    press("f")
    expect(page.locator(ROWS)).to_have_count(3)
    press("p")
    expect(page.locator("#live-text")).to_have_text("Paused")
    press("p")
    press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("pxjf?1")
    expect(page.locator("#q")).to_have_value("pxjf?1")
    expect(page.locator(ROWS)).to_have_count(0)
    page.locator("#q").fill("")
    press("Escape")
    press("x")
    expect(page.locator("#clear-dialog")).to_be_visible()
    press("Escape")
    press("?")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    press("j")
    press("Escape")
    assert collector.journal.counts()["total"] == 3


def test_everything_is_reached_by_tab(with_events):
    page = with_events()
    page.locator(ROWS).first.click()
    expect(page.locator("#panel")).to_be_visible()
    page.locator("#q").focus()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    assert {"pause", "columns", "export", "clear", "theme", "help", "table", "split"} <= reached
    assert {"copy", "tab-overview", "panel"} <= reached


def test_focus_stays_while_rows_arrive(with_events, collector):
    page = with_events()
    page.locator("#table").focus()
    page.keyboard.press("j")
    before = page.locator("#table").get_attribute("aria-activedescendant")
    send(collector, page_view(), page_view())
    expect(page.locator(ROWS)).to_have_count(5)
    expect(page.locator("#table")).to_be_focused()
    assert page.locator("#table").get_attribute("aria-activedescendant") == before
    expect(page.locator(SELECTED)).to_contain_text("order")


def test_arrivals_are_announced(with_events, collector):
    page = with_events()
    send(collector, page_view(), bad())
    expect(page.locator("#announce")).to_have_text("2 new events, 1 bad")


def test_the_address_is_the_state(with_events, open_page):
    page = with_events()
    page.locator("#q").fill("is:good")
    expect(page.locator(ROWS)).to_have_count(2)
    page.locator(ROWS).first.click()
    page.get_by_role("tab", name="Raw").click()
    expect(page).to_have_url(re.compile(r"\?q=is%3Agood&event=\d+&tab=raw$"))
    again = open_page(page.url[page.url.index("?") :])
    expect(again.locator("#q")).to_have_value("is:good")
    expect(again.locator(ROWS)).to_have_count(2)
    expect(again.get_by_role("tab", selected=True)).to_have_text("Raw")
    expect(again.locator(SELECTED)).to_contain_text("order")


def test_back_and_forward(with_events):
    page = with_events()
    page.locator(ROWS).first.click()
    expect(page.locator("#detail h2")).to_have_text("order")
    page.go_back()
    expect(page.locator("#detail")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#detail h2")).to_have_text("order")
    page.locator("#status").get_by_text("Bad").click()
    expect(page.locator(ROWS)).to_have_count(1)
    page.go_back()
    expect(page.locator(ROWS)).to_have_count(3)


def background(page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_themes(with_events):
    light = with_events(color_scheme="light")
    dark = with_events(color_scheme="dark")
    colors = [background(light), background(dark)]
    assert colors[0] != colors[1]
    button = light.locator("#theme")
    for theme, color in (("light", 0), ("dark", 1), ("auto", 0), ("light", 0), ("dark", 1)):
        button.click()
        expect(button).to_have_attribute("aria-label", f"Theme: {theme}")
        assert background(light) == colors[color]
    light.reload()
    expect(light.locator(ROWS)).not_to_have_count(0)
    assert background(light) == colors[1]


@pytest.mark.parametrize("width", [320, 500, 800])
def test_narrow_screens(with_events, width):
    page = with_events(viewport={"width": width, "height": 640})
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    expect(page.locator(ROWS).first.locator("th")).to_be_visible()
    page.locator(ROWS).first.click()
    expect(page.locator("#panel")).to_be_visible()
    assert page.evaluate(fits)
    box = page.locator("#detail").bounding_box()
    assert box["width"] > min(300, width / 3)
    for name in ("JSON", "Raw", "Request", "Errors"):
        page.get_by_role("tab", name=name).click()
        assert page.evaluate(fits)
    page.get_by_role("button", name="Close").click()
    expect(page.locator(ROWS).first).to_be_visible()


def test_the_width_of_the_details_is_kept(with_events):
    page = with_events()
    page.locator(ROWS).first.click()
    split = page.locator("#split")
    before = page.locator("#detail").bounding_box()["width"]
    split.focus()
    page.keyboard.press("ArrowLeft")
    wider = page.locator("#detail").bounding_box()["width"]
    assert wider > before
    page.reload()
    expect(page.locator("#panel")).to_be_visible()
    assert page.locator("#detail").bounding_box()["width"] == wider


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_accessible(with_events, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # The script of axe is not the page's own, so the policy is off for this test only.
    page = with_events(
        color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
    )

    def serious() -> list[str]:
        found = axe.run(page).response["violations"]
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:200]}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]

    assert serious() == []
    page.locator(ROWS).first.click()
    for name in ("Overview", "JSON", "Raw", "Request", "Errors"):
        page.get_by_role("tab", name=name).click()
        assert serious() == []
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#panel")).to_contain_text("vid")
    assert serious() == []
    page.keyboard.press("?")
    assert serious() == []
