"""Take the pictures of the collector's page in docs/images: python -m demo.screenshots.

Replays the flights in half a minute, an hour of them at a time. Some have a mistake, so that there
is an error to explain. Needs playwright, and Chromium.
"""

from __future__ import annotations

import shutil
import sys
import time
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from demo.replay import events, records
from snowplow_tracker import Emitter, Subject, Tracker
from snowplow_tracker.collector import CollectorServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Page, ViewportSize

    from demo.replay import Record

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SCHEMAS = Path(__file__).with_name("schemas")
WINDOW: ViewportSize = {"width": 1280, "height": 720}
SECONDS = 30.0
FLIGHTS_PER_MISTAKE = 120
SHOWN_ABOVE_MISTAKE = 6


def main() -> int:
    """Write a light and a dark picture."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if chromium is None:
        print("missing: Chromium. Get it: apt install chromium", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with CollectorServer(schemas=SCHEMAS) as collector, sync_playwright() as playwright:
        print(f"Replaying flights for {SECONDS:.0f} seconds")
        replay_slowly(collector.url, list(with_mistakes(records())))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport=WINDOW, color_scheme=scheme, timezone_id="UTC")
            page.goto(f"{collector.url}/micro/ui")
            path = IMAGES / f"collector-{scheme}.png"
            take(page, path)
            print(f"{path.relative_to(Path.cwd())}: {path.stat().st_size:,} bytes")
        browser.close()
    return 0


def with_mistakes(flights: Sequence[Record]) -> Iterator[Record]:
    """Yield the flights, some with a misspelt name of a property, and a number that is text."""
    for number, record in enumerate(flights):
        flight = dict(record["flight"])
        until_last = len(flights) - number
        if until_last % FLIGHTS_PER_MISTAKE == SHOWN_ABOVE_MISTAKE and "tailNumber" in flight:
            flight["tailNumer"] = flight.pop("tailNumber")
            flight["distanceMiles"] = str(flight["distanceMiles"])
        yield {**record, "flight": flight}


def replay_slowly(url: str, flights: list[Record]) -> None:
    """Track the events of each hour at once, and spread the hours over `SECONDS`."""
    hours = [list(hour) for _, hour in groupby(events(flights), key=_hour)]
    emitter = Emitter(url, batch_size=100)
    subject = Subject().set_platform("srv")
    started = time.monotonic()
    with Tracker("flights", emitter, subject=subject, app_id="departures") as tracker:
        for number, hour in enumerate(hours):
            for event in hour:
                tracker.track(event)
            tracker.flush()
            time.sleep(max(0.0, started + SECONDS * (number + 1) / len(hours) - time.monotonic()))


def _hour(event: Any) -> int:
    return int(event.true_timestamp) // 3_600_000


def take(page: Page, path: Path) -> None:
    """Open an event with errors, and take a picture."""
    page.locator("#rows tr.bad").first.wait_for()
    page.locator("#rows tr.bad").first.click()
    page.locator("#panel pre").first.wait_for()
    page.locator("#table").focus()
    page.screenshot(path=path, animations="disabled")


if __name__ == "__main__":
    sys.exit(main())
