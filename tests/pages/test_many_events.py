"""The page with a full journal."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from tests.pages.events import page_view, send

from snowplow_tracker.collector.checks import judge
from snowplow_tracker.collector.rows import CollectorPayload

if TYPE_CHECKING:
    from snowplow_tracker.collector import Journal

MANY = 100_000
ROWS = "#rows tr"
ELEMENTS = "document.querySelectorAll('*').length"


def fill(journal: Journal, count: int) -> None:
    """Store good events without HTTP, which would take half a minute."""
    request = CollectorPayload(
        "tp2", (), None, "", 1_790_000_000_000, "h", "::1", None, None, (), "u"
    )
    row = judge(request, page_view())
    fields = row.parameters or {}
    for _ in range(count):
        own = {**fields, "eid": str(uuid.uuid4())}
        journal.add(type(row)(request, own, row.schema, row.contexts))


def test_the_page_does_with_100_000_events_what_it_does_with_few(open_page, collector):
    send(collector, *(page_view() for _ in range(100)))
    few = open_page()
    expect(few.locator("#found")).to_have_text("100 events")
    elements = few.evaluate(ELEMENTS)
    fill(collector.journal, MANY - 100)
    page = open_page()
    expect(page.locator("#found")).to_have_text("100,000 events")
    assert page.evaluate(ELEMENTS) <= elements + 10
    with page.expect_response("**/ui/rows?*") as update:
        send(collector, page_view(page="Newest"))
    rows = update.value.json()["rows"]
    assert [row["summary"][1] for row in rows] == [["title", "Newest"]]
    expect(page.locator(ROWS).first).to_contain_text("Newest")
    expect(page.locator("#note")).to_contain_text("the oldest 1 event were dropped")


def test_a_burst_is_shown_by_its_newest_events(open_page, collector):
    page = open_page()
    expect(page.locator("#empty")).to_be_visible()
    fill(collector.journal, 5_000)
    expect(page.locator("#found")).to_have_text("5,000 events")
    assert page.evaluate("document.querySelectorAll('#rows tr').length") < 80
