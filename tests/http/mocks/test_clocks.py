"""Programs whose tests freeze the clock: creation and sending times follow it."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import requests
import time_machine
from freezegun import freeze_time

from snowplow_tracker import StructuredEvent, Tracker

if TYPE_CHECKING:
    from typing_extensions import Self

pytestmark = pytest.mark.usefixtures("no_network")
NOON = dt.datetime(2020, 2, 29, 12, tzinfo=dt.timezone.utc)
NOON_MS = "1582977600000"


class Clock:
    """Either library's way to stop the time and to move it on."""

    def __init__(self, library: str) -> None:
        self.library = library

    def __enter__(self) -> Self:
        frozen = self.library == "freezegun"
        stopped: Any = freeze_time(NOON) if frozen else time_machine.travel(NOON, tick=False)
        self.stopped = stopped
        self.time: Any = stopped.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.stop()

    def move(self, seconds: float) -> None:
        if self.library == "freezegun":
            self.time.tick(seconds)
        else:
            self.time.shift(seconds)


@pytest.fixture(params=["freezegun", "time-machine"])
def clock(request):
    return Clock(request.param)


@pytest.fixture
def posted():
    """The events of all requests, answered with 200."""
    events = []
    response = requests.Response()
    response.status_code = 200

    def post(_url, data, **_):
        events.extend(json.loads(data)["data"])
        return response

    with mock.patch("snowplow_tracker.emitters.requests.post", post):
        yield events


@pytest.mark.parametrize("as_dict", [True, False])
def test_the_sent_time_is_that_of_the_stopped_clock(clock, posted, kind, as_dict):
    emitter = kind("collector.example", "https")
    if as_dict:
        emitter.buffer.clear()
    tracker = Tracker("ns", emitter)
    with clock:
        tracker.track(StructuredEvent("shop", "add"))
        clock.move(2.5)
        tracker.flush()
    assert [(e["dtm"], e["stm"]) for e in posted] == [(NOON_MS, str(int(NOON_MS) + 2500))]


def test_a_clock_that_went_back_leaves_the_sent_time_at_creation(clock, posted, kind):
    tracker = Tracker("ns", kind("collector.example", "https"))
    with clock:
        tracker.track(StructuredEvent("shop", "add"))
        clock.move(-60)
        tracker.flush()
    assert [(e["dtm"], e["stm"]) for e in posted] == [(NOON_MS, NOON_MS)]


def test_a_stopped_clock_stops_no_delivery(clock, posted, kind):
    with clock, kind("collector.example", "https", batch_size=2) as emitter:
        tracker = Tracker("ns", emitter)
        for _ in range(5):
            tracker.track(StructuredEvent("shop", "add"))
    assert len(posted) == 5


def test_a_time_of_the_callers_own_clock_may_be_stamped_directly(clock, kind):
    events: list[dict[str, Any]] = [{"e": "pv"}, {"e": "pv", "dtm": str(int(NOON_MS) + 1)}]
    with clock:
        kind.attach_sent_timestamp(events)
    assert [event["stm"] for event in events] == [NOON_MS, str(int(NOON_MS) + 1)]


@pytest.mark.parametrize("shown", [1e300, -1e300, float("inf"), float("nan"), 2**70])
def test_a_clock_that_shows_no_time_loses_no_event(posted, kind, shown):
    tracker = Tracker("ns", kind("collector.example", "https"))
    with mock.patch("time.time", return_value=shown):
        tracker.track(StructuredEvent("shop", "add"))
        tracker.flush()
    assert [event["se_ac"] for event in posted] == ["add"]
