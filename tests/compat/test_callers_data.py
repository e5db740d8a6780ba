"""The program's own data is never changed: deep comparisons before and after."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from snowplow_tracker import (
    Event,
    PagePing,
    PageView,
    Payload,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
ITEM = {"sku": "s1", "price": 3, "quantity": 2, "currency": "EUR"}
FIELD = {"name": "n", "value": None, "nodeName": "INPUT", "type": "TEXT"}

# method, arguments that hold something to change
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("track_page_view", {"page_url": "u"}),
    ("track_page_ping", {"page_url": "u", "min_x": 1}),
    ("track_struct_event", {"category": "c", "action": "a", "value": 1.5}),
    ("track_link_click", {"target_url": "u", "element_classes": ["a", "b"]}),
    ("track_add_to_cart", {"sku": "s", "quantity": 1}),
    ("track_remove_from_cart", {"sku": "s", "quantity": 1}),
    (
        "track_form_change",
        {"form_id": "f", "element_id": None, "node_name": "INPUT", "value": None}
        | {"type_": "Text", "element_classes": ["c"]},
    ),
    ("track_form_submit", {"form_id": "f", "form_classes": ["c"], "elements": [FIELD, FIELD]}),
    ("track_site_search", {"terms": ["a", "b"], "filters": {"f": True, "g": "h"}}),
    ("track_screen_view", {"name": "n"}),
    ("track_mobile_screen_view", {"name": "n"}),
    ("track_ecommerce_transaction", {"order_id": "o", "total_value": 6, "items": [ITEM, ITEM]}),
    (
        "track_ecommerce_transaction_item",
        {"order_id": "o", "sku": "s", "price": 1, "quantity": 1},
    ),
    ("track_self_describing_event", {}),
    ("track_unstruct_event", {}),
]


def data() -> dict[Any, Any]:
    return {"text": "é", "none": None, "list": [1, {"deep": (2, [3])}], 7: {"seven": 0.5}}


def thing() -> SelfDescribingJson:
    return SelfDescribingJson(SCHEMA, data())


def shared() -> dict[str, Any]:
    """What every event may carry, with much to change in it."""
    return {
        "context": [thing(), SelfDescribingJson(SCHEMA, [data()])],
        "event_subject": Subject().set_user_id("jo").set_viewport(1, 2),
    }


EVENTS: list[tuple[Any, dict[str, Any]]] = [
    (Event, {"dict_": {"e": "pv", "none": None, "empty": "", "list": [1]}}),
    (PageView, {"page_url": "u", "page_title": ""}),
    (PagePing, {"page_url": "u", "min_x": 0}),
    (StructuredEvent, {"category": "c", "action": "a", "value": [1, [2]]}),
    (ScreenView, {"id_": "i", "name": "n"}),
]


def readable(value: Any) -> Any:
    """Everything that an object holds, to be compared."""
    if isinstance(value, SelfDescribingJson):
        return (value.schema, copy.deepcopy(value.data))
    if isinstance(value, Subject):
        return copy.deepcopy(value.standard_nv_pairs)
    if isinstance(value, list):
        return [readable(item) for item in value]
    return copy.deepcopy(value)


def held(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: readable(value) for name, value in arguments.items()}


@pytest.fixture
def trackers(inbox, make_inbox):
    """Trackers of unlike settings."""
    return [
        Tracker("text", inbox, encode_base64=False),
        Tracker("base64", make_inbox(), app_id="aid", subject=Subject().set_lang("de")),
        Tracker("two", [make_inbox(), make_inbox()], json_encoder=repr).set_subject(None),
    ]


@pytest.mark.parametrize(("method", "own"), CALLS)
def test_deprecated_methods_change_no_argument(trackers, method, own):
    arguments = {**copy.deepcopy(own), **shared(), "tstamp": 12.5}
    if method in {"track_self_describing_event", "track_unstruct_event"}:
        arguments["event_json"] = thing()
    before = held(arguments)
    for tracker in trackers * 2:
        getattr(tracker, method)(**arguments)
    assert held(arguments) == before


@pytest.mark.parametrize(("kind", "own"), [*EVENTS, (SelfDescribing, {"event_json": None})])
def test_events_change_no_argument_and_stay_as_they_were(trackers, kind, own):
    arguments = {**copy.deepcopy(own), **shared(), "true_timestamp": 12.5}
    if kind is SelfDescribing:
        arguments["event_json"] = thing()
    before = held(arguments)
    event = kind(**arguments)
    payload = copy.deepcopy(event.payload.nv_pairs)
    for tracker in trackers * 2:
        tracker.track(event)
    assert held(arguments) == before
    assert event.payload.nv_pairs == payload


def test_one_event_through_trackers_of_unlike_settings(trackers):
    event = SelfDescribing(thing(), context=[thing()])
    for tracker in trackers:
        tracker.track(event)
    text, base64, two = [tracker.emitters[0].events[0] for tracker in trackers]
    assert json.loads(text["ue_pr"])["data"]["schema"] == SCHEMA
    assert {"ue_px", "cx"} <= base64.keys() & two.keys()
    assert (base64["aid"], base64["lang"], "lang" in text, "p" in two) == (
        "aid",
        "de",
        False,
        False,
    )
    assert [sent["tna"] for sent in (text, base64, two)] == ["text", "base64", "two"]


def test_a_payload_that_is_tracked_stays_as_it_was(tracker, make_inbox):
    class Spoiling:
        def input(self, payload: dict[str, Any]) -> None:
            payload.clear()

    tracker.emitters[:] = [Spoiling(), make_inbox(), Spoiling()]
    payload = Payload({"e": "pv", "none": None})
    tracker.track(payload)
    assert payload.get() == {"e": "pv", "none": None}
    assert tracker.emitters[1].events == [{"e": "pv", "none": None}]


def test_subject_and_facts_of_the_tracker_stay_as_they_were(tracker):
    tracker.subject.set_user_id("jo")
    subject, facts = dict(tracker.subject.standard_nv_pairs), dict(tracker.standard_nv_pairs)
    own = Subject().set_user_id("own")
    tracker.track(PageView("u", event_subject=own))
    assert (tracker.subject.standard_nv_pairs, tracker.standard_nv_pairs) == (subject, facts)
    assert own.standard_nv_pairs == {"p": "pc", "uid": "own"}


def test_what_leaves_shares_nothing_with_what_came(tracker, inbox):
    source = {"e": "pv"}
    event = Event(source)
    tracker.track(event)
    inbox.events[0]["e"] = source["e"] = "changed"
    tracker.track(event)
    assert inbox.events[1]["e"] == "pv"
    assert tracker.subject.standard_nv_pairs == {"p": "pc"}
