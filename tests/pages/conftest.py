"""A browser and the page of a collector. Whatever the console complains about fails the test."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

HERE = Path(__file__).parent
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


def _missing() -> str | None:
    if "TEST_PAGES" not in os.environ:
        return "make test-pages runs the tests in a browser"
    if find_spec("playwright") is None:
        return "needs playwright"
    return "needs Chromium (apt install chromium)" if CHROMIUM is None else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if reason := _missing():
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not everybody has it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running_collector() -> Iterator[CollectorServer]:
    with CollectorServer() as collector:
        yield collector


@pytest.fixture
def collector(running_collector: CollectorServer) -> CollectorServer:
    running_collector.reset()
    return running_collector


@pytest.fixture
def complaints() -> list[str]:
    """Messages of the console that a test expects are removed from this list."""
    return []


@pytest.fixture
def open_page(
    browser: Browser, collector: CollectorServer, complaints: list[str]
) -> Iterator[Callable[..., Page]]:
    """Opens the page in a window of its own, by the end of its address."""
    contexts: list[BrowserContext] = []

    def open_(query: str = "", url: str | None = None, **settings: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(
            "addEventListener('securitypolicyviolation',"
            " (e) => console.error('CSP', e.violatedDirective, e.blockedURI))"
        )
        page = context.new_page()
        page.on("console", lambda message: _keep(complaints, message))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.set_default_timeout(10_000)
        page.goto(f"{url or collector.url}/micro/ui{query}")
        page.locator("#live[data-state=live]").wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def _keep(complaints: list[str], message: Any) -> None:
    if message.type in ("error", "warning"):
        complaints.append(f"{message.type}: {message.text}")


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()
