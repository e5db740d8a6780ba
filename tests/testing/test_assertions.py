"""`Snowplow` and `RecordingEmitter`: what is found, and the texts of failures."""

from __future__ import annotations

import threading
import unittest
from typing import Any

import pytest

from snowplow_tracker import (
    Emitter,
    Event,
    PagePing,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)
from snowplow_tracker.collector import CollectorServer
from snowplow_tracker.testing import RecordingEmitter, Snowplow

SIGNUP = "iglu:com.acme/signup/jsonschema/1-0-0"
USER = "iglu:com.acme/user/jsonschema/2-1-0"
BAD = {"e": "pv", "url": "http://x", "vid": "first"}


def signup(plan: str = "free", **changes: Any) -> SelfDescribing:
    user = SelfDescribingJson(USER, {"id": 5, "tags": ["a", "b"]})
    event = SelfDescribingJson(SIGNUP, {"plan": plan, "seats": 3})
    return SelfDescribing(event, **{"context": [user], **changes})


@pytest.fixture
def events():
    return RecordingEmitter()


@pytest.fixture
def tracker(events):
    return Tracker("shop", events, app_id="web", subject=Subject().set_user_id("u1"))


def failure(call: Any, *arguments: Any, **filters: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        call(*arguments, **filters)
    return str(caught.value)


def test_an_event_has_its_parts(events, tracker):
    event_id = tracker.track(signup())
    [event] = events.all
    assert (event.id, event.type, event.name, event.schema) == (
        *(event_id, "unstruct", "signup", SIGNUP),
    )
    assert event.data == {"plan": "free", "seats": 3}
    assert event.entities == [(USER, {"id": 5, "tags": ["a", "b"]})]
    assert event.entity("user") == event.entity("com.acme/user") == event.entities[0][1]
    assert event.fields["app_id"] == "web"
    assert event.subject_fields == {"p": "pc", "uid": "u1"}
    assert event.created.timestamp() == pytest.approx(int(event.payload["dtm"]) / 1000)
    assert repr(event) == f"<TrackedEvent signup 1-0-0 eid={event_id}>"
    with pytest.raises(LookupError, match=r"no entity 'order': the event has iglu:com\.acme/user/"):
        event.entity("order")


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"event": "unstruct"},
        {"event": "ue"},
        {"event": signup()},
        {"schema": "signup"},
        {"schema": "com.acme/signup"},
        {"schema": SIGNUP},
        {"schema": "iglu:com.acme/signup/jsonschema/1-*-*"},
        {"data": {"plan": "free"}},
        {"data": {"plan": str, "seats": 3}, "exact": True, "entities": ["user"]},
        {"entities": [USER]},
        {"entities": [{"schema": "user", "data": {"tags": ["a", ...]}}]},
        {"entities": [SelfDescribingJson(USER, {"id": 5, "tags": ["a", "b"]})]},
        {"entities": {"user": {"id": 5}}},
        {"fields": {"app_id": "web", "uid": "u1", "event_name": "signup"}},
        {"schema": "signup", "where": lambda event: event.data["seats"] > 2},
        {"where": lambda event: event.name == "signup"},
    ],
)
def test_filters_that_fit(events, tracker, filters):
    tracker.track(PageView("https://www.example.com/", context=[]))
    tracker.track(signup())
    assert events.all[1] in events.find(**filters)
    assert events.assert_tracked(count=(1, 2), timeout=0, **filters)[-1] == events.all[1]


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ({"event": "struct"}, None),
        ({"event": signup("pro")}, "data.plan: expected 'pro', got 'free'"),
        ({"event": signup(context=[])}, "entities: expected 0 items, got 1"),
        ({"event": PageView("https://www.example.com/")}, None),
        ({"schema": "login"}, f"schema: expected login, got {SIGNUP}"),
        (
            {"schema": "com.acme.other/signup"},
            f"schema: expected com.acme.other/signup, got {SIGNUP}",
        ),
        (
            {"schema": "iglu:com.acme/signup/jsonschema/2-*-*"},
            f"schema: expected com.acme/signup 2-*-*, got {SIGNUP}",
        ),
        ({"data": {"plan": "free"}, "exact": True}, "data.seats: not expected, got 3"),
        ({"entities": ["order"]}, "entity order: there is none; the event has com.acme/user/"),
        ({"entities": {"user": {"id": 6}}}, "entity user.id: expected 6, got 5"),
        ({"entities": [], "exact": True}, "number of entities: expected 0, got 1"),
        ({"fields": {"app_id": "shop"}}, "app_id: expected 'shop', got 'web'"),
        ({"where": lambda event: event.data["seats"] > 3}, "not where <lambda>"),
    ],
)
def test_filters_that_do_not_fit(events, tracker, filters, text):
    tracker.track(signup())
    assert events.find(**filters) == []
    found = failure(events.assert_tracked, timeout=0, **filters)
    assert found.startswith("no event tracked with ")
    if text is None:
        assert "nearest" not in found
    else:
        assert f"    {text}" in found


def test_a_number_stands_for_the_text_of_a_protocol_field(events, tracker):
    tracker.track(StructuredEvent("cart", "add", value=12.5))
    events.assert_tracked("struct", fields={"se_va": 12.5, "se_value": 12.5}, timeout=0)
    events.assert_tracked("struct", fields={"se_va": "12.5"}, timeout=0)
    assert "se_va: expected 12, got 12.5" in failure(
        events.assert_tracked, "struct", fields={"se_va": 12}, timeout=0
    )


def test_the_text_of_a_failure_names_all_events_and_the_nearest(events, tracker):
    tracker.track(PageView("https://www.example.com/"))
    tracker.track(StructuredEvent("cart", "add"))
    tracker.track(signup("free"))
    tracker.track(Event(BAD))
    nearest = events.all[2].id
    found = failure(
        events.assert_tracked, schema="com.acme/signup", data={"plan": "pro"}, timeout=0
    )
    assert found == (
        "no event tracked with schema com.acme/signup, data {'plan': 'pro'}\n"
        "  4 events: page_view https://www.example.com/, struct cart/add, signup 1-0-0, "
        "page_view http://x (bad)\n"
        f"  nearest: signup 1-0-0  eid={nearest}\n"
        "    data.plan: expected 'pro', got 'free'\n"
        "  bad: page_view http://x  vid: not an integer of 32 bits: 'first'"
    )


def test_without_events_the_text_says_so(events):
    found = failure(events.assert_tracked, "pv", timeout=0)
    assert found == "no event tracked with type page_view\n  no events were tracked"


def test_at_most_ten_events_are_named(events, tracker):
    for number in range(12):
        tracker.track(StructuredEvent("cart", str(number)))
    found = failure(events.assert_count, 3)
    assert found.startswith("expected 3 events\n  12 events: struct cart/0, ")
    assert found.endswith("struct cart/9, and 2 more")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "expected 1 event with type struct, found 2"),
        ((3, 4), "expected 3 to 4 events with type struct, found 2"),
        (0, "expected 0 events with type struct, found 2"),
    ],
)
def test_counts(events, tracker, count, text):
    for action in ("add", "add"):
        tracker.track(StructuredEvent("cart", action))
    assert failure(events.assert_tracked, "struct", count=count, timeout=0).startswith(text)
    assert len(events.assert_tracked("struct", count=2)) == 2
    assert len(events.assert_tracked("struct", count=None)) == 2
    assert len(events.assert_tracked("struct", count=(1, 2))) == 2


def test_not_tracked(events, tracker):
    events.assert_not_tracked("pv")
    tracker.track(Event(BAD))
    assert failure(events.assert_not_tracked, "pv") == (
        "expected no event with type page_view\n  1 event: page_view http://x (bad)"
    )


def test_order_allows_others_in_between(events, tracker):
    for event in (PageView("http://a"), StructuredEvent("cart", "add"), signup()):
        tracker.track(event)
    page, order = events.assert_order(["page_view", {"schema": "signup", "data": {"seats": 3}}])
    assert (page.type, order.name) == ("page_view", "signup")
    found = failure(events.assert_order, [signup(), "struct"], timeout=0)
    assert found.startswith("no event tracked after signup 1-0-0 with type struct\n")


def test_bad_events(events, tracker):
    tracker.track(PageView("http://a"))
    events.assert_no_bad()
    tracker.track(Event(BAD))
    assert failure(events.assert_no_bad) == (
        "1 bad event tracked\n  page_view http://x  vid: not an integer of 32 bits: 'first'"
    )
    assert failure(events.assert_bad, "url", timeout=0).startswith(
        "expected 1 bad event matching 'url', found 0\n1 bad event tracked\n"
    )
    [bad] = events.unexpected_bad
    assert bad.fields == {}
    assert events.assert_bad("not an integer") == bad
    assert events.unexpected_bad == []
    assert events.counts() == {"total": 2, "good": 1, "bad": 1}


def test_a_snapshot_is_the_same_in_each_run(events, tracker):
    def run() -> Any:
        events.reset()
        tracker.track(PageView("http://a"))
        tracker.track(signup())
        return events.snapshot()

    first = run()
    assert run() == first
    assert first[1]["data"] == {"plan": "free", "seats": 3}
    assert first[0]["fields"]["eid"] == "<eid>"
    assert first[0]["fields"]["dtm"] == "<time>"


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ({"event": "pageview"}, "event must be one of page_view, page_ping, "),
        ({"schema": "iglu:com.acme/signup/jsonschema"}, "schema must be a name"),
        ({"schema": ""}, "schema must be a name"),
    ],
)
def test_wrong_filters_are_errors(events, filters, text):
    with pytest.raises(ValueError, match=text):
        events.assert_tracked(**filters)


@pytest.mark.parametrize("entities", ["user", {"schema": "user", "data": {}}])
def test_a_single_entity_is_a_type_error_that_says_how(events, entities):
    with pytest.raises(TypeError, match="entities must be a"):
        events.find(entities=entities)


def test_it_waits_for_events_of_other_threads(events, tracker):
    began = threading.Event()

    def track():
        began.wait(10)
        tracker.track(PagePing("http://a"))

    thread = threading.Thread(target=track)
    thread.start()
    try:
        began.set()
        events.assert_tracked("page_ping", timeout=10)
        assert len(events.wait_for(1)) == 1
    finally:
        thread.join()
    found = failure(events.wait_for, 2, timeout=0.01)
    assert found == "expected 2 events within 0.01 s\n  1 event: page_ping http://a"


def test_an_emitter_without_http_judges_as_the_collector_does():
    recorded = RecordingEmitter()
    with CollectorServer() as collector:
        emitters: list[Any] = [recorded, Emitter(collector.url, batch_size=1)]
        tracker = Tracker("shop", emitters, app_id="web")
        for event in (PageView("http://a"), signup(), Event(BAD), Event({"e": "zz"})):
            tracker.track(event)
        received = Snowplow(collector.journal)
        assert received.snapshot() == recorded.snapshot()
        assert [each.errors for each in received.all] == [each.errors for each in recorded.all]


class TestWithUnittest(unittest.TestCase):
    def test_without_pytest(self):
        events = RecordingEmitter()
        with Tracker("shop", events) as tracker:
            tracker.track(StructuredEvent("cart", "add"))
            tracker.flush()
        events.assert_tracked("struct", fields={"se_action": "add"})


def test_private_names_of_a_subclass_do_no_harm():
    class Recorder(RecordingEmitter):
        def __init__(self) -> None:
            self._source = self._journal = self._fitting = None
            super().__init__()

    events = Recorder()
    Tracker("shop", events).track(PageView("http://a"))
    events.assert_tracked("pv")
