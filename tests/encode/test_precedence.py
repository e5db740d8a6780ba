"""Which field wins if several parts of an event set it; none of the parts is changed."""

from __future__ import annotations

import copy
import threading
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
THING = SelfDescribingJson(SCHEMA, {"v": 1})


def subject_with(**values: Any) -> Subject:
    subject = Subject()
    subject.standard_nv_pairs.update(values)
    return subject


class TestOrder:
    def test_contexts_beat_the_events_own_fields(self, record):
        event = Event({"e": "pv", "co": "own"}, context=[THING])
        assert SCHEMA in record(event, encode_base64=False)["co"]

    def test_the_true_timestamp_beats_the_events_own_fields(self, fields):
        assert str(fields(Event({"ttm": "own"}, true_timestamp=5))["ttm"]) == "5"

    @pytest.mark.parametrize("name", ["e", "url", "co", "ttm", "ue_pr"])
    def test_the_subject_beats_all_of_the_event(self, record, name):
        subject = subject_with(**{name: "subject"})
        for event in (PageView("own"), SelfDescribing(THING), Event({name: "own"})):
            event.context, event.true_timestamp = [THING], 5
            assert record(event, subject=subject, encode_base64=False)[name] == "subject"

    @pytest.mark.parametrize("name", ["eid", "dtm", "tv", "tna", "aid"])
    def test_the_tracker_beats_subject_and_event(self, fields, name):
        sent = fields(Event({name: "own"}), subject=subject_with(**{name: "subject"}), app_id="aid")
        assert sent[name] not in {"own", "subject"}

    @pytest.mark.parametrize("name", ["eid", "dtm", "e", "url", "uid"])
    def test_the_trackers_facts_beat_all(self, tracker, sink, name):
        tracker.standard_nv_pairs[name] = "fact"
        tracker.subject.standard_nv_pairs["uid"] = "subject"
        returned = tracker.track(PageView("own"))
        assert sink.events[0][name] == "fact"
        assert returned == sink.events[0]["eid"]

    def test_the_events_subject_beats_the_trackers(self, fields):
        own, general = Subject().set_user_id("own"), Subject().set_lang("en").set_user_id("all")
        sent = fields(PageView("u", event_subject=own), subject=general.set_platform("srv"))
        assert (sent["uid"], sent["lang"], sent["p"]) == ("own", "en", "pc")

    @pytest.mark.parametrize("nothing", [None, ""])
    def test_nothing_does_not_beat_an_earlier_value(self, tracker, sink, nothing):
        tracker.standard_nv_pairs["url"] = nothing
        tracker.subject.standard_nv_pairs["e"] = nothing
        tracker.track(PageView("own"))
        assert (sink.events[0]["url"], sink.events[0]["e"]) == ("own", "pv")

    @pytest.mark.parametrize("fact", [None, ""])
    def test_an_empty_fact_leaves_what_others_said(self, fields, fact):
        assert fields(Event({"aid": "own"}), app_id=fact)["aid"] == "own"


class TestEditedInPlace:
    def test_fields_of_the_subject(self, tracker, sink):
        tracker.subject.standard_nv_pairs.update({"uid": "a", "custom": "b", 7: "seven"})
        tracker.track(PageView("u"))
        assert {str(name) for name in sink.events[0]} >= {"uid", "custom", "7"}
        tracker.subject.standard_nv_pairs.clear()
        tracker.track(PageView("u"))
        assert not {"uid", "custom", "p"} & sink.events[1].keys()

    def test_facts_of_the_tracker(self, tracker, sink):
        tracker.standard_nv_pairs.update(tna="other", aid="late", custom=1)
        tracker.track(PageView("u"))
        del tracker.standard_nv_pairs["custom"]
        tracker.track(PageView("u"))
        assert [sent["tna"] for sent in sink.events] == ["other", "other"]
        assert [str(sent.get("custom")) for sent in sink.events] == ["1", "None"]

    def test_the_facts_as_a_whole(self, tracker, sink):
        tracker.standard_nv_pairs = {"tv": VERSION}
        tracker.track(PageView("u"))
        assert "tna" not in sink.events[0]

    def test_no_subject_at_all(self, tracker, sink):
        tracker.set_subject(None).track(PageView("u"))
        tracker.track(PageView("u", event_subject=Subject().set_user_id("own")))
        assert "p" not in sink.events[0]
        assert (sink.events[1]["p"], sink.events[1]["uid"]) == ("pc", "own")


class Described(SelfDescribingJson):
    """Constructs in its own way, and computes what it says."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(SCHEMA, {"number": number})


class Computed(SelfDescribingJson):
    def __init__(self) -> None:
        """Do without the constructor."""

    schema = SCHEMA

    @property
    def data(self) -> Any:
        return {"computed": True}


class OwnWay(SelfDescribingJson):
    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "more": 1}


class Duck:
    def to_json(self) -> Any:
        return {"schema": SCHEMA, "data": ["duck"]}


class Forgetful(SelfDescribingJson):
    def __init__(self) -> None:
        """Forget the constructor."""


@pytest.mark.parametrize(
    ("thing", "data"),
    [(Described(3), {"number": 3}), (Computed(), {"computed": True}), (Duck(), ["duck"])],
)
def test_self_describing_data_may_be_a_users_own(fields, thing, data):
    sent = fields(SelfDescribing(thing, context=[thing, THING]))
    assert sent["data"] == {"schema": SCHEMA, "data": data}
    assert [context["data"] for context in sent["contexts"]] == [data, {"v": 1}]


def test_an_overridden_to_json_is_what_is_written(fields):
    sent = fields(SelfDescribing(OwnWay(SCHEMA, 5)))  # type: ignore[arg-type]
    assert sent["data"] == {"schema": SCHEMA, "data": 5, "more": 1}


def test_to_json_patched_on_the_class_counts_and_ends(fields, monkeypatch):
    thing = SelfDescribingJson(SCHEMA, {"v": 1})
    with monkeypatch.context() as patch:
        patch.setattr(SelfDescribingJson, "to_json", lambda _: {"schema": "s", "data": "patched"})
        assert fields(SelfDescribing(thing))["data"]["data"] == "patched"
    assert fields(SelfDescribing(thing))["data"]["data"] == {"v": 1}


def test_to_json_set_on_one_object_counts(fields):
    thing = SelfDescribingJson(SCHEMA, {"v": 1})
    thing.to_json = lambda: {"schema": "s", "data": "own"}  # type: ignore[method-assign]
    assert fields(SelfDescribing(thing))["data"]["data"] == "own"


def test_data_changed_after_construction_counts(fields):
    thing = Described(3)
    event = SelfDescribing(thing, context=[thing])
    thing.data["number"] = 4
    thing.schema = "iglu:com.acme/other/jsonschema/1-0-0"
    assert fields(event)["data"] == {"schema": thing.schema, "data": {"number": 4}}
    thing.data = []
    assert fields(event)["contexts"][0]["data"] == []


@pytest.mark.parametrize(
    "make", [Forgetful, lambda: SelfDescribingJson.__new__(SelfDescribingJson)]
)
def test_data_never_constructed_is_a_clear_error(tracker, sink, make):
    with pytest.raises(RuntimeError, match=r"__init__ must call super\(\)\.__init__\(\)"):
        tracker.track(SelfDescribing(make()))
    assert sink.events == []


class Click(Event):
    """Attributes first, then the constructor, then its own fields."""

    def __init__(self, target: str, **common: Any) -> None:
        self.target = target
        super().__init__(**common)
        self.payload.add("e", "se")
        self.payload.add("se_ca", target)


class Later(PageView):
    def build_payload(self, encode_base64: Any, json_encoder: Any, subject: Any = None) -> Payload:
        payload = super().build_payload(encode_base64, json_encoder, subject)
        payload.add("url", self.page_url + "?built")
        payload.add_dict({"custom": subject.standard_nv_pairs["p"]})
        return payload


class NeverConstructed(PageView):
    def __init__(self) -> None:
        """Forget the constructor."""


class TestSubclasses:
    def test_fields_added_to_the_payload(self, fields):
        sent = fields(Click("button", context=[THING], true_timestamp=3))
        assert (sent["e"], sent["se_ca"], str(sent["ttm"])) == ("se", "button", "3")
        assert sent["contexts"][0]["data"] == {"v": 1}

    def test_an_overridden_build_payload(self, fields):
        sent = fields(Later("u", "title"))
        assert (sent["url"], sent["page"], sent["custom"]) == ("u?built", "title", "pc")
        assert sent.keys() >= {"eid", "dtm", "tv", "tna"}

    def test_without_its_constructor(self, tracker, sink):
        with pytest.raises(RuntimeError, match="NeverConstructed was not constructed"):
            tracker.track(NeverConstructed())
        assert sink.events == []

    def test_build_payload_patched_on_the_class_counts_and_ends(self, fields, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(PageView, "build_payload", lambda *_, **__: Payload({"e": "patched"}))
            assert fields(PageView("u"))["e"] == "patched"
        assert fields(PageView("u"))["e"] == "pv"

    def test_build_payload_set_on_one_event(self, fields):
        event = PageView("u")
        event.build_payload = lambda **_: Payload({"e": "own"})  # type: ignore[method-assign]
        assert fields(event)["e"] == "own"

    def test_a_payload_that_was_opened_keeps_up_with_the_properties(self, fields):
        event = StructuredEvent("c", "a", label="early")
        event.payload.add("custom", 1)
        event.label, event.value = "late", 2.5
        sent = fields(event)
        assert (sent["se_la"], str(sent["se_va"]), str(sent["custom"])) == ("late", "2.5", "1")

    def test_the_properties_of_a_screen_view_may_be_edited(self, fields):
        event = ScreenView("i", "n")
        event.screen_view_properties["custom"] = [1]
        event.name = "late"
        assert fields(event)["data"]["data"] == {"id": "i", "name": "late", "custom": [1]}


EVENTS = [
    PageView("u", "t", context=[THING], true_timestamp=1),
    SelfDescribing(Described(1), Subject().set_user_id("own"), [THING]),
    ScreenView("i", "n", context=[THING]),
    StructuredEvent("c", "a", value=1),
    Click("b", context=[THING]),
    Later("u"),
]


def without_moment(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name not in {"eid", "dtm"}}


@pytest.mark.parametrize("event", EVENTS)
class TestUnchanged:
    def test_tracking_changes_no_event(self, tracker, event):
        before, attributes = copy.deepcopy(event.payload.nv_pairs), dict(vars(event))
        context = list(event.context or [])
        tracker.track(event)
        assert event.payload.nv_pairs == before
        assert (vars(event), list(event.context or [])) == (attributes, context)

    def test_the_same_event_twice_differs_in_its_moment_alone(self, tracker, sink, event):
        assert tracker.track(event) != tracker.track(event)
        first, second = map(without_moment, sink.events)
        assert first == second

    def test_from_several_threads_through_two_trackers(self, make_wire, event):
        wires = [make_wire(batch_size=1000) for _ in range(2)]
        trackers = [Tracker("ns", wire.emitter) for wire in wires]

        def work() -> None:
            for _ in range(25):
                for tracker in trackers:
                    tracker.track(event)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for tracker in trackers:
            tracker.flush()
        sent = [sent for wire in wires for sent in wire.events]
        assert len({one["eid"] for one in sent}) == len(sent) == 150
        assert all(without_moment(one) == without_moment(sent[0]) for one in sent)


def test_no_emitter_sees_what_another_does_to_its_dict(make_inbox):
    first, second = make_inbox(), make_inbox()
    first.input = lambda payload: payload.clear()
    tracker = Tracker("ns", [first, second])
    for event in (PageView("u"), Later("u")):
        tracker.track(event)
    assert all(sent["tv"] == VERSION for sent in second.events)


def test_what_comes_out_of_an_emitter_reaches_the_caller_after_the_others_had_the_event(make_inbox):
    failing, inbox = make_inbox(), make_inbox()
    failing.input = lambda payload: payload["no such field"]
    with pytest.raises(KeyError, match="no such field"):
        Tracker("ns", [failing, inbox]).track(PageView("u"))
    assert len(inbox.events) == 1
