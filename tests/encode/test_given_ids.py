"""`event_id=`: the id of an event is the program's."""

from __future__ import annotations

import copy
import pickle
from typing import Any
from uuid import UUID

import pytest

from snowplow_tracker import (
    PagePing,
    PageView,
    Payload,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Tracker,
)
from snowplow_tracker.events import Event

CANONICAL = "0f5e8c2a-91d4-4b7e-a3c6-5d2f1b7a9e04"
KINDS: dict[Any, tuple[Any, ...]] = {
    Event: ({"e": "ad"},),
    PageView: ("https://shop.example",),
    PagePing: ("https://shop.example",),
    StructuredEvent: ("shop", "add"),
    SelfDescribing: (SelfDescribingJson("iglu:com.acme/a/jsonschema/1-0-0", {}),),
    ScreenView: ("8f2c", "Home"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_sent_with_its_id(kind, tracker, sink):
    event = kind(*KINDS[kind], event_id=CANONICAL)
    assert event.event_id == CANONICAL
    assert tracker.track(event) == CANONICAL
    assert tracker.track(event) == CANONICAL
    assert [sent["eid"] for sent in sink.events] == [CANONICAL] * 2


@pytest.mark.parametrize(
    "given",
    [
        UUID(CANONICAL),
        CANONICAL.upper(),
        UUID(CANONICAL).hex,
        type("Text", (str,), {})(CANONICAL),
        type("Own", (UUID,), {})(CANONICAL),
    ],
)
def test_an_id_is_brought_into_canonical_form(given, tracker, sink):
    event = PageView("https://shop.example", event_id=given)
    assert type(event.event_id) is str
    assert (event.event_id, tracker.track(event)) == (CANONICAL, CANONICAL)
    event.event_id = None
    assert tracker.track(event) != CANONICAL
    event.event_id = given
    assert tracker.track(event) == CANONICAL
    assert [sent["eid"] == CANONICAL for sent in sink.events] == [True, False, True]


@pytest.mark.parametrize(
    "given", ["", "x", CANONICAL[:-1], CANONICAL + "0", f"{{{CANONICAL}}}", 17, b"", object()]
)
def test_anything_else_is_a_value_error_that_names_the_parameter(given):
    with pytest.raises(ValueError, match="event_id must be a UUID"):
        PageView("https://shop.example", event_id=given)
    event = PageView("https://shop.example", event_id=CANONICAL)
    with pytest.raises(ValueError, match="event_id must be a UUID"):
        event.event_id = given
    assert event.event_id == CANONICAL


def test_an_id_is_a_keyword_only():
    make: Any = StructuredEvent
    with pytest.raises(TypeError):
        make("shop", "add", None, None, None, None, None, None, CANONICAL)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_copies_keep_the_id(copied):
    event = copied(PageView("https://shop.example", event_id=CANONICAL))
    assert (event.event_id, event.page_url) == (CANONICAL, "https://shop.example")


def test_a_pickle_of_a_version_without_ids_is_read():
    state: Any = PageView("https://shop.example").__getstate__()
    added, constructed, values, *rest = state
    assert len(values) == 7
    event: Any = PageView.__new__(PageView)
    event.__setstate__((added, constructed, values, *rest))
    assert (event.event_id, event.page_url) == (None, "https://shop.example")


class Tagged(PageView):
    """Its payload is its own, so `complete_payload` adds the id."""

    def build_payload(self, *args: Any, **options: Any) -> Payload:
        return super().build_payload(*args, **options)


def test_events_that_build_their_payload_keep_the_id(tracker, sink):
    assert tracker.track(Tagged("https://shop.example", event_id=CANONICAL)) == CANONICAL
    assert sink.events[0]["eid"] == CANONICAL


class Completing(Tracker):
    """Completes payloads as a program of 1.x does, and gives ids of its own."""

    def get_uuid(self) -> str:  # type: ignore[override]
        return "own"

    def complete_payload(self, *args: Any, **options: Any) -> Any:
        return super().complete_payload(*args, **options)


def test_the_events_id_comes_before_the_trackers(sink):
    tracker = Completing("ns", getattr(sink, "emitter", sink))
    assert tracker.track(PageView("https://shop.example")) == "own"
    assert tracker.track(PageView("https://shop.example", event_id=CANONICAL)) == CANONICAL


class WithProperty(PageView):
    """A program of 1.x may use the name for anything."""

    @property  # type: ignore[misc]
    def event_id(self) -> int:  # type: ignore[override]
        return 17


def test_a_property_of_the_programs_own_is_not_sent(tracker, sink):
    event = WithProperty("https://shop.example")
    assert event.event_id == 17
    assert sink.events == []
    assert tracker.track(event) != 17
    assert tracker.track(WithProperty("https://shop.example", event_id=CANONICAL)) == CANONICAL


class OwnEvent:
    """Another object with `build_payload`."""

    event_id = 17

    def build_payload(self, *_: Any, **__: Any) -> Payload:
        return Payload({"e": "ad"})


def test_an_attribute_of_another_object_is_not_sent(tracker: Any, sink):
    assert isinstance(tracker.track(OwnEvent()), str)
    assert len(sink.events[0]["eid"]) == 36
