"""Events are hostile: nothing in them becomes markup, a script or a request."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from tests.pages.events import described, page_view, send

from snowplow_tracker._canonical_event import PAYLOAD_DATA_KEYS

ATTACKS = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "\"'><iframe src='javascript:alert(1)'>",
    "{{constructor.constructor('alert(1)')()}}${alert(1)}",
    "\u202ertl \u200b zero\u2066 width\u0000 nul \x1b[31m",
    "__proto__",
    "https://example.com/\u202e<b>",
]


FOREIGN = (
    "img:not([src='ui/icon.svg']), script:not([src='ui/app.js']), iframe, svg svg, [onerror]"
    ", a[href^='javascript']"
)


def everywhere(attack: str) -> dict[str, object]:
    """An event with a text in every field and every place of its data."""
    data = {attack: attack, "list": [attack, {attack: [attack]}], "constructor": attack}
    schema = f"iglu:com.acme/{attack}/jsonschema/1-0-0"
    fields = dict.fromkeys(PAYLOAD_DATA_KEYS - {"ue_px", "ue_pr", "cx", "co", "e"}, attack)
    return described(data, {"schema": schema, "data": data}, schema=schema, **fields)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_event_stays_text(open_page, collector, attack):
    headers = {
        "X-Attack": attack.encode("ascii", "ignore").decode().replace("\0", "").replace("\x1b", "")
    }
    send(
        collector,
        everywhere(attack),
        {**page_view(), "page": attack, "url": attack},
        headers=headers,
    )
    page = open_page("?columns=ue.list,page_title,user_id")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        for number in range(1, 6):
            page.keyboard.press(str(number))
            expect(page.get_by_role("tab", selected=True)).to_be_visible()
            expect(page.locator("#panel > *")).not_to_have_count(0)
        expect(page.locator(FOREIGN)).to_have_count(0)
    expect(page.locator("#panel")).to_be_visible()
    assert all(url.startswith(collector.url) for url in requests)


def test_a_search_in_the_address_stays_text(open_page, complaints):
    page = open_page(
        "?q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&tab=%3Cb%3E&event=-1e9&columns=%3Cb%3E"
    )
    expect(page.locator("#q")).to_have_value("<img src=x onerror=alert(1)>")
    expect(page.locator("#heads")).to_contain_text("<b>")
    complaints[:] = [complaint for complaint in complaints if "404" not in complaint]


def test_the_policy_stops_markup(page, complaints):
    outcome = page.evaluate(
        """() => {
            try { document.body.innerHTML = "<b>x</b>"; } catch { return "refused"; }
        }"""
    )
    assert outcome == "refused"
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('img'), {src: 'https://example.com/x'}))"
    )
    expect(page.locator("img[src^=https]")).to_have_count(1)
    page.wait_for_function("true")
    assert any("CSP" in complaint for complaint in complaints)
    complaints.clear()


def test_a_large_event(open_page, collector):
    data = {f"key {at}": "x" * 1000 for at in range(600)}
    send(collector, described(data, url="https://example.com/" + "y" * 3000))
    assert len(json.dumps(data)) > 600_000
    page = open_page("?event=" + str(collector.journal.last))
    expect(page.locator("#detail h2")).to_have_text("order")
    for name in ("JSON", "Raw", "Request", "Overview"):
        page.get_by_role("tab", name=name).click()
        expect(page.locator("#panel > *")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
