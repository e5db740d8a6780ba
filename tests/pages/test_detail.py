"""The details of an event: tabs, errors, the request as sent, and copies."""

from __future__ import annotations

import json
import re

import pytest
import requests
from playwright.sync_api import expect
from tests.pages.events import PRODUCT, USER, bad, described, page_view, send

DATA = {"id": 10**19, "price": 1.0, "deep": {"er": {"est": ["x"]}}, "list": list(range(250))}


@pytest.fixture
def opened(open_page, collector):
    """Sends an event, opens the page with it, and returns the page."""

    def open_(event, query: str = "", **options):
        send(collector, event, **options)
        return open_page(f"?event={collector.journal.last}{query}")

    return open_


def tab(page, name: str):
    page.get_by_role("tab", name=name).click()
    return page.locator("#panel")


def test_overview(opened):
    page = opened(described({"id": 7, "plan": "pro"}, PRODUCT, USER, uid="user-1"))
    panel = page.locator("#panel")
    expect(page.locator("#detail h2")).to_have_text("order")
    expect(panel).to_contain_text(
        re.compile("order.*product.*user.*What.*Who.*Where.*When", re.DOTALL)
    )
    for name, value in {"plan": "pro", "user_id": "user-1", "id": str(10**19)}.items():
        expect(panel.locator("dt", has_text=re.compile(f"^{name}$")).last).to_be_visible()
        expect(panel).to_contain_text(value)


def test_json_is_a_tree(opened):
    page = opened(described(DATA))
    panel = tab(page, "JSON")
    own = "unstruct_event_com_acme_order_1"
    expect(panel).to_contain_text(f"{own}: {{ 4 }}")
    # Numbers are shown as they were sent.
    expect(panel).to_contain_text("10000000000000000000")
    expect(panel).to_contain_text("price: 1.0")
    expect(panel.get_by_text("est:")).to_have_count(0)
    panel.get_by_role("button", name=re.compile("^deep")).click()
    panel.get_by_role("button", name=re.compile("^er")).click()
    expect(panel.get_by_text("est:")).to_have_count(1)
    panel.get_by_role("button", name=re.compile(r"^list")).click()
    expect(panel.get_by_text("99: 99")).to_be_visible()
    expect(panel.get_by_text("100: 100")).to_have_count(0)
    panel.get_by_role("button", name="150 more").click()
    panel.get_by_role("button", name="50 more").click()
    expect(panel.get_by_text("249: 249")).to_have_count(1)


def test_a_path_and_a_value_can_be_copied(opened):
    page = opened(described({"a": [{"b": "x"}]}))
    panel = tab(page, "Raw")
    panel.get_by_role("button", name=re.compile("^data: ")).first.focus()
    panel.get_by_role("button", name="Copy the path of $.data.schema").click()
    expect(page.locator("#toast")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "$.data.schema"
    panel.get_by_role("button", name="Copy the value of $.data.data", exact=True).click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert json.loads(copied) == {"a": [{"b": "x"}]}


def test_raw_has_the_fields_as_sent_and_decoded(opened):
    event = described({"id": 7}, USER)
    panel = tab(opened(event), "Raw")
    expect(panel).to_contain_text(event["ue_px"])
    expect(panel).to_contain_text("iglu:com.acme/user/jsonschema/2-0-1")


def test_request_hides_secrets(opened):
    headers = {"Authorization": "Bearer very-secret-token", "X-Other": "open"}
    page = opened(page_view(), headers=headers)
    panel = tab(page, "Request")
    expect(panel).to_contain_text("POST/com.snowplowanalytics.snowplow/tp2")
    expect(panel).to_contain_text("open")
    expect(panel).to_contain_text("••••••oken")
    expect(panel).not_to_contain_text("very-secret-token")
    panel.get_by_role("button", name="Reveal secrets").click()
    expect(panel).to_contain_text("very-secret-token")
    assert '"schema": "iglu:' in panel.locator("pre").inner_text()


def test_errors_come_first_for_a_bad_event(opened):
    page = opened(bad())
    expect(page.get_by_role("tab", selected=True)).to_have_text("Errors1")
    panel = page.locator("#panel")
    expect(panel).to_contain_text("vid: not an integer of 32 bits: 'first'")
    expect(panel).to_contain_text("Sent as vid")


def test_an_unreadable_request(open_page, collector):
    url = f"{collector.url}/com.snowplowanalytics.snowplow/tp2"
    requests.post(url, data=b"no json <b>", timeout=10)
    page = open_page(f"?event={collector.journal.last}")
    expect(page.locator("#panel")).to_contain_text("content type")
    expect(tab(page, "Raw")).to_contain_text("No event could be read")
    expect(tab(page, "Request")).to_contain_text("no json <b>")


def test_an_event_that_is_gone(open_page, collector, complaints):
    send(collector, page_view())
    page = open_page("?event=999999999")
    expect(page.locator("#detail")).to_contain_text("was deleted, or dropped")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#detail")).to_be_hidden()
    assert all("404" in complaint for complaint in complaints)
    complaints.clear()


def test_a_link_opens_with_a_modifier_only(opened):
    page = opened(page_view(url="https://example.com/?a=<b>"))
    link = page.locator("#panel a").first
    expect(link).to_have_text("https://example.com/?a=<b>")
    assert link.get_attribute("rel") == "noopener noreferrer"
    before = page.url
    link.click()
    assert page.url == before
    assert len(page.context.pages) == 1


@pytest.mark.parametrize(
    ("kind", "start"),
    [("JSON", "{"), ("Self-describing JSON", "{"), ("cURL", "curl "), ("Python", "from snowplow_"),
     ("pytest", "from snowplow_")],
)  # fmt: skip
def test_copy_as(opened, kind, start):
    page = opened(described({"id": 7}))
    page.get_by_role("button", name="Copy as").click()
    page.locator("#copy-menu").get_by_role("button", name=kind, exact=True).click()
    expect(page.locator("#toast")).to_have_text("Copied")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith(start)
    assert any(name in text for name in ("com.acme/order", "com_acme_order_1", "ue_px"))
