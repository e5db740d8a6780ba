"""Public attributes can be read, assigned and changed in place; the next event uses them."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import weakref
from collections import ChainMap, OrderedDict
from typing import Any

import pytest

from snowplow_tracker import (
    VERSION,
    Event,
    PageView,
    Payload,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
VIEW = PageView("u")


def thing(value: Any = 1) -> SelfDescribingJson:
    return SelfDescribingJson(SCHEMA, {"value": value})


class Box:
    """An emitter that can be pickled."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def input(self, payload: dict[str, Any]) -> None:
        self.events.append(payload)


class Labelled(Tracker):
    """A tracker with an attribute of its own."""

    label = "class"


class TestTracker:
    def test_start_as_the_constructor_was_told(self, inbox):
        subject = Subject()
        tracker = Tracker("ns", [inbox], subject, "aid", encode_base64=False, json_encoder=repr)
        assert (tracker.subject, tracker.emitters) == (subject, [inbox])
        assert (tracker.encode_base64, tracker.json_encoder) == (False, repr)
        assert tracker.standard_nv_pairs == {"tv": VERSION, "tna": "ns", "aid": "aid"}
        assert tracker.timer is None

    def test_the_facts_have_their_names_even_when_none(self, inbox):
        tracker = Tracker(inbox)
        assert tracker.standard_nv_pairs == {"tv": VERSION, "tna": None, "aid": None}
        tracker.track(VIEW)
        assert not {"tna", "aid"} & inbox.events[0].keys()

    def test_assigned_they_hold_for_the_next_event(self, tracker, inbox):
        event = PageView("u", context=[thing(1j)])
        tracker.json_encoder = str
        tracker.track(event)
        tracker.encode_base64, tracker.json_encoder = True, repr
        tracker.track(event)
        assert json.loads(inbox.events[0]["co"])["data"][0]["data"] == {"value": "1j"}
        assert ("co" in inbox.events[1], "cx" in inbox.events[1]) == (False, True)

    @pytest.mark.parametrize("kind", [list, tuple, set, dict.fromkeys])
    def test_emitters_may_be_any_iterable_that_is_assigned(self, tracker, inbox, kind):
        tracker.emitters = kind([inbox])
        tracker.track(VIEW)
        assert len(inbox.events) == 1

    def test_emitters_may_be_changed_in_place(self, tracker, inbox, make_inbox):
        other = make_inbox()
        tracker.emitters.insert(0, other)
        tracker.track(VIEW)
        tracker.emitters.remove(inbox)
        tracker.track(VIEW)
        assert (len(inbox.events), len(other.events)) == (1, 2)

    @pytest.mark.parametrize("kind", [dict, OrderedDict, ChainMap])
    def test_the_fields_of_subject_and_facts_may_be_any_mapping(self, tracker, inbox, kind):
        tracker.subject.standard_nv_pairs = kind({"uid": "jo"})
        tracker.track(VIEW)
        assert (inbox.events[0]["uid"], "p" in inbox.events[0]) == ("jo", False)

    def test_the_namespace_is_that_of_the_facts(self, tracker, inbox):
        tracker.standard_nv_pairs["tna"] = "other"
        tracker.track(VIEW)
        assert tracker.get_namespace() == inbox.events[0]["tna"] == "other"

    def test_timer_and_attributes_of_ones_own_are_kept(self, tracker):
        tracker.timer = tracker.service = "mine"
        assert (tracker.timer, tracker.service, vars(tracker)["service"]) == ("mine",) * 3

    def test_methods_chain(self, tracker, inbox):
        assert tracker.set_subject(Subject()).add_emitter(inbox).flush().flush(True) is tracker
        assert tracker.flush(is_async=True) is tracker


DUPLICATES = [copy.copy, copy.deepcopy] + [
    lambda tracker, protocol=protocol: pickle.loads(pickle.dumps(tracker, protocol))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]


class TestTrackerAsAnObject:
    @pytest.mark.parametrize("duplicate", DUPLICATES)
    def test_copies_and_pickles_track_as_the_original(self, duplicate):
        tracker: Any = Labelled("ns", Box(), Subject().set_user_id("jo"), "aid", json_encoder=repr)
        tracker.label = "own"
        twin = duplicate(tracker)
        twin.track(PageView("u", context=[thing(1j)]))
        sent = twin.emitters[0].events[0]
        assert (type(twin), twin.label, twin.json_encoder) == (Labelled, "own", repr)
        assert (sent["tna"], sent["aid"], sent["uid"]) == ("ns", "aid", "jo")

    def test_a_copy_takes_another_subject_alone(self, tracker, inbox):
        twin = copy.copy(tracker).set_subject(Subject().set_user_id("twin"))
        for one in (tracker, twin):
            one.track(VIEW)
        assert [sent.get("uid") for sent in inbox.events] == [None, "twin"]

    def test_is_compared_by_identity_and_collected(self, tracker, inbox):
        assert tracker != Tracker("ns", inbox)
        assert len({tracker, tracker}) == 1
        reference = weakref.ref(Tracker("ns", inbox))
        gc.collect()
        assert reference() is None


class TestEvents:
    def test_the_payload_is_the_events_own_and_live(self, tracker, inbox):
        event = PageView("u", "title")
        assert event.payload is event.payload
        assert event.payload.get() == {"e": "pv", "url": "u", "page": "title"}
        event.payload.nv_pairs["url"] = "changed"
        assert event.page_url == "changed"
        del event.payload.nv_pairs["page"]
        tracker.track(event)
        assert (inbox.events[0]["url"], "page" in inbox.events[0]) == ("changed", False)

    def test_a_payload_of_ones_own_may_be_assigned(self, tracker, inbox):
        event = PageView("u")
        event.payload = Payload({"e": "own"})
        tracker.track(event)
        assert (inbox.events[0]["e"], "url" in inbox.events[0]) == ("own", False)

    def test_the_payload_keeps_nothing_as_it_was_given_and_what_leaves_has_it_not(
        self, tracker, inbox
    ):
        event = Event({"e": "pv", "none": None, "empty": ""})
        tracker.track(event)
        assert event.payload.get() == {"e": "pv", "none": None, "empty": ""}
        assert not {"none", "empty"} & inbox.events[0].keys()

    @pytest.mark.parametrize(
        ("event", "field"),
        [(PageView("u"), "url"), (StructuredEvent("c", "a"), "se_ca"), (Event({"e": "x"}), "e")],
    )
    def test_build_payload_may_be_called(self, event, field):
        subject = Subject().set_user_id("jo")
        event.context = [thing()]
        payload = event.build_payload(False, None, subject)
        assert {field, "co", "uid"} <= payload.get().keys()
        assert payload is not event.payload
        assert "co" not in event.payload.get()

    def test_the_properties_of_a_screen_view_are_live(self, tracker, inbox):
        event = ScreenView("i", "n", type="t")
        properties = event.screen_view_properties
        assert properties == {"id": "i", "name": "n", "type": "t"}
        properties["name"] = "changed"
        event.transition_type = "late"
        assert (event.name, properties["transitionType"]) == ("changed", "late")
        tracker.track(event)
        assert json.loads(inbox.events[0]["ue_pr"])["data"]["data"] == properties

    def test_data_and_json_may_be_assigned(self, tracker, inbox):
        event = SelfDescribing(thing())
        event.event_json.data["value"] = 2
        tracker.track(event)
        event.event_json.data = [3]
        tracker.track(event)
        event.event_json = thing(4)
        tracker.track(event)
        data = [json.loads(sent["ue_pr"])["data"]["data"] for sent in inbox.events]
        assert data == [{"value": 2}, [3], {"value": 4}]

    def test_no_attribute_can_be_deleted(self):
        for name in ("page_url", "context", "true_timestamp"):
            with pytest.raises(AttributeError):
                delattr(PageView("u"), name)
