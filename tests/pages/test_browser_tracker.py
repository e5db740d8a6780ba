"""Snowplow's tracker for browsers, in Chromium, on a page of another origin than the collector.

The package `@snowplow/browser-tracker` is not part of this project: `make test-pages` installs it.
"""

from __future__ import annotations

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from tests.docs.named_tests import ROOT

from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

TRACKER = ROOT / ".venv/npm/node_modules/@snowplow/browser-tracker/dist/index.umd.min.js"
NOBODY = "00000000-0000-0000-0000-000000000000"
LINK_CLICK = "iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1"
PRODUCT = "iglu:com.acme/product/jsonschema/1-0-0"
TRACK = """
([endpoint, settings, linkClick, product]) => {
    const snowplow = window.snowplowBrowserTracking;
    const names = [crypto.randomUUID()];
    snowplow.newTracker(names[0], endpoint, {appId: "shop", ...settings});
    const context = [{schema: product, data: {sku: "a1", name: "Bär"}}];
    snowplow.trackPageView({title: "Grüße \\u2028 😀", context}, names);
    const data = {targetUrl: "https://example.com/?a=1&b=2"};
    snowplow.trackSelfDescribingEvent({event: {schema: linkClick, data}}, names);
    snowplow.flushBuffer({}, names);
}
"""
POST = {"eventMethod": "post"}
GET = {"eventMethod": "get"}
ANONYMOUS = {"anonymousTracking": {"withServerAnonymisation": True}}

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not TRACKER.exists(), reason="`make test-pages` installs the tracker"),
]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web site with one page that loads the tracker. Returns its URL."""
    folder: Path = tmp_path_factory.mktemp("site")
    shutil.copy(TRACKER, folder / "tracker.js")
    (folder / "index.html").write_text(
        '<!doctype html><link rel="icon" href="data:,"><script src="tracker.js"></script>'
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Callable[[], Page]]:
    """Opens the page in a browser without cookies. Errors on its console fail the test."""
    context = browser.new_context()
    complaints: list[str] = []

    def open_it() -> Page:
        page = context.new_page()
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{site}/?utm_source=mail#top")
        return page

    yield open_it
    context.close()
    assert complaints == []


def track(page: Page, collector: CollectorServer, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Track a page view and a link click, and return them as they arrived."""
    expected = collector.journal.counts()["total"] + 2
    page.evaluate(TRACK, [collector.url, settings, LINK_CLICK, PRODUCT])
    collector.journal.wait_for(expected, timeout=20)
    assert collector.journal.bad() == []
    return list(reversed(collector.journal.good(limit=2)))


@pytest.mark.parametrize("method", [POST, GET], ids=["post", "get"])
@pytest.mark.parametrize("anonymity", [{}, ANONYMOUS], ids=["known", "anonymous"])
def test_events_arrive_and_are_good(collector, open_page, site, method, anonymity):
    view, click = track(open_page(), collector, {**method, **anonymity})
    page_url = f"{site}/?utm_source=mail#top"
    assert (view["eventType"], view["event"]["page_url"]) == ("page_view", page_url)
    assert view["event"]["page_title"] == "Grüße \u2028 😀"
    assert view["event"]["platform"] == "web"
    entities = {item["schema"]: item["data"] for item in view["event"]["contexts"]["data"]}
    assert entities[PRODUCT] == {"sku": "a1", "name": "Bär"}
    assert click["schema"] == LINK_CLICK
    data = click["event"]["unstruct_event"]["data"]["data"]
    assert data == {"targetUrl": "https://example.com/?a=1&b=2"}
    request = click["rawEvent"]["context"]
    hidden = {"ipAddress": "unknown", "userId": NOBODY}
    shown = {"ipAddress": request["ipAddress"], "userId": request["userId"]}
    assert (shown == hidden) == bool(anonymity)
    assert f"Origin: {site}" in request["headers"]


def test_the_cookie_makes_requests_those_of_one_user(open_page):
    # `localhost`, since a browser sends cookies with SameSite=Lax within a site only.
    with CollectorServer("localhost") as collector:
        page = open_page()
        ids = [
            event["event"]["network_userid"]
            for settings in (POST, GET)
            for event in track(page, collector, settings)
        ]
        assert len(set(ids[1:])) == 1
        assert NOBODY not in ids
        (anonymous, _) = track(page, collector, {**POST, **ANONYMOUS})
        assert anonymous["event"]["network_userid"] == NOBODY


def test_a_path_of_ones_own(open_page):
    settings = {**POST, "postPath": "/acme/track"}
    with CollectorServer(paths={"/acme/track": "/com.snowplowanalytics.snowplow/tp2"}) as collector:
        view, _ = track(open_page(), collector, settings)
    assert view["rawEvent"]["api"]["version"] == "tp2"


ATTACK = """
async (url) => {
    const outcome = (promise) => promise.then(() => "read", () => "refused");
    const reset = `${url}/micro/reset`;
    await fetch(reset, {mode: "no-cors"});
    await fetch(reset, {mode: "no-cors", method: "POST", body: ""});
    await new Promise((done) => {
        const image = new Image();
        image.onload = image.onerror = done;
        image.src = reset;
    });
    return [await outcome(fetch(`${url}/micro/good`)), await outcome(fetch(`${url}/micro/all`))];
}
"""


def test_a_page_of_another_site_can_neither_read_nor_delete_events(collector, browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.goto(site)
    track(page, collector, POST)
    assert page.evaluate(ATTACK, collector.url) == ["refused", "refused"]
    assert collector.journal.counts()["total"] == 2
    context.close()
