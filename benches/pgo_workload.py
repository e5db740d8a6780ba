"""The workload for profile-guided optimisation (PGO): it runs once while a wheel is built.

It tracks real flights and some events of every other kind. None of them is an event of the
benchmarks, so that these do not measure what the build was optimised for.
"""

from __future__ import annotations

from typing import Any

import requests
from demo.replay import events, records

from snowplow_tracker import (
    Emitter,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)

ROUNDS = 8
NOTE = "iglu:com.acme/note/jsonschema/1-0-0"


class Collector:
    """A session that answers every request with 200, without a network."""

    def post(self, *_args: object, **_kwargs: object) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        return response

    get = post


class Inbox:
    """A custom emitter with no method but `input`."""

    def input(self, payload: dict[str, Any]) -> None:
        self.last = payload


def real_and_imaginary(number: complex) -> list[float]:
    """Encode a complex number as a list."""
    return [number.real, number.imag]


def track_flights(tracker: Tracker) -> None:
    """Track page views, and self-describing events with a context."""
    for event in events(records()):
        tracker.track(event)


def track_others(tracker: Tracker) -> None:
    """Track a hundred events of each other kind."""
    for number in range(100):
        tracker.track(StructuredEvent("shop", "view", f"shelf {number}", value=number / 4))
        tracker.track(StructuredEvent(category="shop", action="sell", property_="size", value=44))
        tracker.track(PageView(page_url=f"https://www.example.com/{number}", page_title="Shelf"))
        tracker.track(PagePing("https://www.example.com/café", "Menu", min_y=number, max_y=900))
        tracker.track(ScreenView(str(number), "Basket", previous_name="Shelf"))
        note = {"text": 'naïve "quotes"\n', "points": [1j, 2.5, None, True], "id": 2**53 + number}
        tracker.track(SelfDescribing(SelfDescribingJson(NOTE, note)))


def main() -> None:
    emitter = Emitter("127.0.0.1", batch_size=100, session=Collector())
    subject = Subject().set_user_id("user-1").set_lang("en")
    for receiver, encode_base64 in ((emitter, True), (Inbox(), True), (emitter, False)):
        tracker = Tracker("ns", receiver, subject, "web", encode_base64, real_and_imaginary)
        for _ in range(ROUNDS):
            track_flights(tracker)
            track_others(tracker)
        tracker.flush()


if __name__ == "__main__":
    main()
