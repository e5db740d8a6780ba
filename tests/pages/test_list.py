"""The list of the page: live rows, search, scrolling, columns, export, pause and clear."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect
from tests.pages.events import PRODUCT, USER, bad, described, page_view, send

from snowplow_tracker.collector import CollectorServer

ROWS = "#rows tr"


def names(page) -> list[str]:
    return list(page.locator("#rows th b").all_inner_texts())


def test_the_root_leads_to_the_page(page, collector):
    page.goto(collector.url)
    expect(page).to_have_url(f"{collector.url}/micro/ui")
    expect(page.locator("#empty")).to_contain_text("Waiting for events")
    expect(page.locator("#empty")).to_contain_text(f'Emitter("{collector.url}")')


def test_events_appear_as_they_arrive(page, collector):
    send(collector, page_view(), described({"id": 7}, PRODUCT, PRODUCT, USER))
    expect(page.locator(ROWS)).to_have_count(2)
    first, second = page.locator(ROWS).all()
    expect(first).to_contain_text("order 1-0-0")
    expect(first).to_contain_text(re.compile("product .2, user"))
    expect(first).to_contain_text("id 7")
    expect(second).to_contain_text("/cart title Cart")
    send(collector, bad())
    expect(page.locator(ROWS).first).to_contain_text("1 error")
    expect(page.locator(ROWS).first).to_contain_text("vid: not an integer")
    expect(page.locator("#status")).to_contain_text(re.compile(r"All 3\s+Good 2\s+Bad 1"))
    expect(page.locator("#found")).to_have_text("3 events")
    expect(page).to_have_title("(1 bad) Snowplow collector")


def test_live_rows_obey_the_search(page, collector):
    page.locator("#q").fill("app_id:shop")
    expect(page).to_have_url(re.compile(r"\?q=app_id%3Ashop$"))
    send(collector, page_view(), described({"id": 1}), page_view())
    send(collector, described({"id": 2}), page_view())
    expect(page.locator("#total")).to_have_text("5")
    expect(page.locator(ROWS)).to_have_count(2)
    assert names(page) == ["order", "order"]


def test_search_by_text_field_and_entity(open_page, collector):
    send(collector, page_view(), described({"price": 5}, PRODUCT), described({"price": 50}), bad())
    page = open_page()
    for query, count in {
        "cart": 2,
        "ue.price:>10": 1,
        "contexts.product.sku:a-1": 1,
        "is:bad": 1,
        "-is:bad": 3,
        "schema:order": 2,
        "since:1h": 4,
        "since:2100-01-01": 0,
        "": 4,
    }.items():
        page.locator("#q").fill(query)
        expect(page.locator(ROWS)).to_have_count(count)
    page.locator("#q").fill("nothing-like-this")
    expect(page.locator("#empty")).to_contain_text("4 events were searched")


def test_a_wrong_search_is_explained_and_filters_nothing(page, collector, complaints):
    send(collector, page_view(), bad())
    page.locator("#q").fill("app_idd:shop")
    error = page.locator("#search-error")
    expect(error).to_contain_text("unknown field app_idd; did you mean app_id?")
    expect(page.locator("#q")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(ROWS)).to_have_count(2)
    page.locator("#q").fill("is:good")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(error).to_be_hidden()
    assert all("400" in complaint for complaint in complaints)
    complaints.clear()


def test_status_buttons(page, collector):
    send(collector, page_view(), bad(), page_view())
    page.get_by_role("button", name="Bad 1").click()
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator("#q")).to_have_value("is:bad")
    page.get_by_role("button", name="Good 2").click()
    expect(page.locator(ROWS)).to_have_count(2)
    page.get_by_role("button", name="All 3").click()
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.locator("#q")).to_have_value("")


def test_pause(page, collector):
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#live-text")).to_have_text("Paused")
    with page.expect_response("**/micro/all"):
        page.evaluate("fetch('all')")
    send(collector, page_view())
    page.evaluate("new Promise((done) => requestAnimationFrame(done))")
    expect(page.locator(ROWS)).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(ROWS)).to_have_count(1)


def test_reading_further_down_is_not_disturbed(page, collector):
    send(collector, *(page_view(page=f"Page {at}") for at in range(300)))
    expect(page.locator("#total")).to_have_text("300")
    scroll = page.locator("#scroll")
    scroll.evaluate("(box) => { box.scrollTop = 2000; }")
    read = page.get_by_text("Page 230")
    expect(read).to_be_visible()
    place = read.bounding_box()
    send(collector, page_view(page="Newest"))
    expect(page.locator("#newer")).to_have_text("↑ 1 new")
    assert read.bounding_box() == place
    page.locator("#newer").click()
    expect(page.get_by_text("Newest")).to_be_visible()
    expect(page.locator("#newer")).to_be_hidden()


def test_the_document_holds_only_rows_in_sight(page, collector):
    send(collector, *(page_view(page=f"Page {at}") for at in range(1500)))
    expect(page.locator("#found")).to_have_text("1,500 events")
    expect(page.get_by_text("Page 1499")).to_be_visible()
    scroll = page.locator("#scroll")
    for _ in range(12):
        scroll.evaluate("(box) => { box.scrollTop = box.scrollHeight; }")
        page.wait_for_function("document.querySelectorAll('#rows tr').length > 0")
        assert page.locator(ROWS).count() < 80
    scroll.evaluate("(box) => { box.scrollTop = box.scrollHeight; }")
    page.wait_for_function(
        """() => {
            const box = document.getElementById("scroll");
            box.scrollTop = box.scrollHeight;
            const cells = [...document.querySelectorAll(".c-summary")];
            return cells.some((cell) => cell.textContent.endsWith("Page 0"));
        }"""
    )
    assert page.locator(ROWS).count() < 80


def test_a_reset_elsewhere_empties_the_list(page, collector):
    send(collector, page_view())
    expect(page.locator(ROWS)).to_have_count(1)
    collector.reset()
    expect(page.locator(ROWS)).to_have_count(0)
    send(collector, page_view(), page_view())
    expect(page.locator(ROWS)).to_have_count(2)


def test_clear_asks_first(page, collector):
    send(collector, page_view())
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Cancel").click()
    assert collector.journal.counts()["total"] == 1
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#empty")).to_contain_text("Waiting for events")
    assert collector.journal.counts()["total"] == 0


def test_columns_are_added_and_kept(page, collector):
    send(collector, described({"price": 12.5}, USER))
    page.get_by_role("button", name="Columns").click()
    for path in ("ue.price", "contexts.user.id"):
        page.locator("#column").fill(path)
        page.get_by_role("button", name="Add").click()
        expect(page.locator("#heads")).to_contain_text(path)
    expect(page.locator(ROWS)).to_contain_text("12.510000000000000000000")
    page.keyboard.press("Escape")
    page.goto(page.url.partition("?")[0])
    expect(page.locator("#heads")).to_contain_text("contexts.user.id")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Remove ue.price").click()
    expect(page.locator("#heads")).not_to_contain_text("ue.price")


def test_repeated_ids_are_marked(page, collector):
    event = page_view()
    send(collector, event, page_view(), event)
    expect(page.locator(".repeat")).to_have_count(2)


@pytest.mark.parametrize("kind", ["NDJSON", "JSON", "CSV", "TSV"])
def test_export_what_was_found(page, collector, kind):
    send(collector, page_view(), described({"id": 1}))
    page.locator("#q").fill("app_id:shop")
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.locator("#export-menu").get_by_role("button", name=kind, exact=True).click()
    text = download.value.path().read_text("utf-8")
    assert download.value.suggested_filename.endswith(f".{kind.lower()}")
    if kind == "CSV":
        assert [line.split(",")[4] for line in text.splitlines()] == ["app_id", "shop"]
    elif kind == "TSV":
        assert text.split("\t")[0] == "shop"
    else:
        entries = json.loads(text) if kind == "JSON" else [json.loads(text)]
        assert [entry["event"]["app_id"] for entry in entries] == ["shop"]


def test_a_bar_of_the_chart_filters_by_time(page, collector):
    send(collector, page_view(), bad())
    expect(page.locator("#chart rect.bad")).not_to_have_count(0)
    page.locator("#chart .hit").last.click()
    expect(page.locator("#q")).to_have_value(re.compile(r"^since:\S+Z until:\S+Z$"))
    expect(page.locator(ROWS)).to_have_count(2)
    assert page.locator("#chart table tr").count() == 2


def test_a_stream_that_is_cut_is_resumed(open_page, complaints):
    with CollectorServer() as own:
        page = open_page(url=own.url)
        own.stop()
        expect(page.locator("#live-text")).to_have_text("Reconnecting")
        own.start()
        send(own, page_view())
        expect(page.locator(ROWS)).to_have_count(1)
        expect(page.locator("#live-text")).to_have_text("Live")
        page.close()
    assert all("ERR_" in complaint for complaint in complaints)
    complaints.clear()


def test_without_a_stream_the_page_asks_at_intervals(browser, collector):
    context = browser.new_context()
    context.route("**/micro/stream", lambda route: route.fulfill(status=503))
    page = context.new_page()
    page.clock.install()
    page.goto(f"{collector.url}/micro/ui")
    expect(page.locator("#live-text")).to_have_text("Every 3 s")
    send(collector, page_view())
    page.clock.run_for(4000)
    expect(page.locator(ROWS)).to_have_count(1)
    context.close()
