"""Events and the callers' own data, shared by threads and changed while they are tracked."""

from __future__ import annotations

import base64
import collections
import copy
import json
import pickle
from typing import Any

import pytest

from snowplow_tracker import (
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)

TIMES = 400
SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"


@pytest.fixture
def track_shared(crowd, make_sent):
    """Track one event from all threads while one changes it; return what arrived."""

    def run(event: Any, change: Any) -> list[dict[str, str]]:
        sent = make_sent(batch_size=10**6)
        tracker = Tracker("ns", sent.emitter)
        crowd.add(lambda _: tracker.track(event), TIMES)
        crowd.run(change)
        tracker.flush()
        events = sent.events
        assert len({each["eid"] for each in events}) == len(events) == TIMES * 8
        return list(events)

    return run


def data_of(event: dict[str, str]) -> Any:
    return json.loads(base64.urlsafe_b64decode(event["ue_px"]))["data"]["data"]


def test_parameters_of_an_event_are_set(track_shared):
    event = StructuredEvent("shop", "add")

    def change(number):
        event.label = f"label {number}"
        event.value = number
        event.true_timestamp = number
        event.event_subject = Subject().set_user_id(str(number))

    for each in track_shared(event, change):
        assert each.get("se_la", "label ").startswith("label ")


def test_payload_of_an_event_is_looked_at_and_edited(track_shared):
    event = PageView("https://acme.com")

    def change(number):
        event.payload.nv_pairs["page"] = f"page {number}"
        event.payload.nv_pairs.pop("page")
        for name in range(number % 20):
            event.payload.nv_pairs[f"x{name}"] = str(name)
        event.payload.nv_pairs.clear()
        event.payload.nv_pairs.update({"e": "pv", "url": "https://acme.com"})

    for each in track_shared(event, change):
        assert each.get("url", "https://acme.com") == "https://acme.com"


def test_properties_of_a_screen_view_are_edited(track_shared):
    event = ScreenView("id", "name")

    def change(number):
        event.screen_view_properties["type"] = "x" * (number % 9)
        event.screen_view_properties.pop("type")

    assert all(data_of(each)["id"] == "id" for each in track_shared(event, change))


def test_contexts_come_and_go(track_shared):
    event = PageView("https://acme.com", context=[])
    context: Any = event.context

    def change(number):
        context.append(SelfDescribingJson(SCHEMA, {"n": number}))
        if len(context) > 9:
            context.clear()

    for each in track_shared(event, change):
        contexts = json.loads(base64.urlsafe_b64decode(each["cx"]))["data"] if "cx" in each else []
        assert all(one["schema"] == SCHEMA for one in contexts)


def test_an_event_is_constructed_anew_copied_and_pickled(track_shared):
    event = StructuredEvent("shop", "add", "0")

    def change(number):
        event.__init__("shop", "add", str(number))  # type: ignore[misc]
        event.note = number  # type: ignore[attr-defined]
        assert copy.deepcopy(event).category == pickle.loads(pickle.dumps(event)).category == "shop"

    assert {each["se_ca"] for each in track_shared(event, change)} == {"shop"}


@pytest.mark.parametrize("kind", [dict, collections.Counter, collections.defaultdict])
def test_the_callers_dict_grows_and_shrinks(track_shared, kind):
    data: dict[str, Any] = kind()
    data.update({"a": 1, "inner": kind(), "é": "ü" * 30})

    def change(number):
        data["inner"][f"k{number % 100}"] = str(number) * 3
        data[f"k{number % 50}"] = [number, {"n": number}]
        if number % 50 == 49:
            data["inner"].clear()
            for name in [name for name in data if name.startswith("k")]:
                del data[name]

    event = SelfDescribing(SelfDescribingJson(SCHEMA, data))
    for each in track_shared(event, change):
        sent = data_of(each)
        assert (sent["a"], sent["é"]) == (1, "ü" * 30)
        assert all(value[0] == value[1]["n"] for name, value in sent.items() if name[0] == "k")


def test_the_callers_list_is_sorted_and_cut(track_shared):
    """A list is written as it was at one moment: while it is sorted, others see it empty."""
    data = {"list": list(range(50))}

    def change(number):
        data["list"].reverse()
        data["list"][:] = [number] * (number % 70)
        data["list"][:] = range(50)

    event = SelfDescribing(SelfDescribingJson(SCHEMA, data))
    for each in track_shared(event, change):
        sent = data_of(each)["list"]
        assert len(set(sent)) <= 1 or sorted(sent) == list(range(50))


def test_schema_and_data_are_set(track_shared):
    described = SelfDescribingJson(SCHEMA, {"n": 0})

    def change(number):
        described.schema = f"iglu:com.acme/thing/jsonschema/1-0-{number}"
        described.data = {"n": number}

    track_shared(SelfDescribing(described), change)


def test_threads_agree_on_what_is_made_when_first_looked_at(crowd):
    """Whoever looks first at an event's payload or context makes it, for all."""
    events = [PageView("https://acme.com") for _ in range(TIMES)]

    def look(number):
        event: Any = events[number % TIMES]
        event.payload.nv_pairs[str(number)] = number
        event.context.append(number)

    crowd.add(look, TIMES)
    crowd.run()
    assert all(len(event.context or ()) == 8 for event in events)
    assert all(len(event.payload.nv_pairs) == 2 + 8 for event in events)
