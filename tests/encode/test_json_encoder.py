"""`json_encoder`: which objects it is called with, and what it may do while data is encoded."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowplow_tracker import (
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
    _native,
)

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"


class Unknown:
    """An object that JSON cannot hold."""

    def __init__(self, value: Any = None) -> None:
        self.value = value


def thing(data: Any) -> SelfDescribingJson:
    return SelfDescribingJson(SCHEMA, data)


def data_of(sent: dict[str, Any]) -> Any:
    return sent["data"]["data"]


ODD = st.builds(Unknown, st.integers()) | st.just(b"bytes") | st.just(1j) | st.just({1})
VALUES = st.recursive(
    ODD | st.integers() | st.text(max_size=3) | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=10,
)


@given(VALUES)
def test_gets_exactly_the_objects_that_json_dumps_would_give_it(value):
    def asked(dumps: Any) -> list[Any]:
        seen: list[Any] = []
        dumps(value, seen.append)
        return seen

    ours = asked(_native.dumps)
    theirs = asked(lambda value, default: json.dumps(value, default=default))
    assert [id(item) for item in ours] == [id(item) for item in theirs]


@pytest.mark.parametrize("encode_base64", [True, False])
def test_its_answer_stands_in_the_objects_place(fields, encode_base64):
    def encode(unknown: Unknown) -> Any:
        return {"is": unknown.value}

    event = SelfDescribing(thing([Unknown(1)]), context=[thing({"a": Unknown("é")})])
    sent = fields(event, encode_base64=encode_base64, json_encoder=encode)
    assert data_of(sent) == [{"is": 1}]
    assert sent["contexts"] == [{"schema": SCHEMA, "data": {"a": {"is": "é"}}}]


def test_an_answer_may_be_another_object_for_it():
    def countdown(unknown: Unknown) -> Any:
        return Unknown(unknown.value - 1) if unknown.value else "done"

    assert _native.dumps([Unknown(100)], countdown).decode() == '["done"]'


@pytest.mark.parametrize(
    ("endless", "message"),
    [
        (lambda unknown: unknown, "Circular"),
        (lambda unknown: [unknown], "Circular"),
        (lambda unknown: {"again": (unknown,)}, "Circular"),
        (lambda _: Unknown(), "json_encoder never ends"),
        (lambda _: [Unknown()], "json_encoder never ends"),
    ],
)
def test_an_encoder_that_never_ends_is_an_error(tracker, sink, endless, message):
    tracker.json_encoder = endless
    with pytest.raises(ValueError, match=message):
        tracker.track(SelfDescribing(thing({"a": Unknown()})))
    assert sink.events == []


@pytest.mark.parametrize("error", [KeyError("k"), TypeError("t"), SystemExit(3), StopIteration(1)])
@pytest.mark.parametrize("place", ["data", "context"])
def test_its_exception_reaches_the_caller_unchanged(tracker, sink, error, place):
    def fail(_: object) -> None:
        raise error

    tracker.json_encoder = fail
    bad = thing([1, Unknown()])
    event = SelfDescribing(bad) if place == "data" else PageView("https://a.b", context=[bad])
    with pytest.raises(type(error)) as raised:
        tracker.track(event)
    assert raised.value is error
    assert sink.events == []


def test_the_tracker_stays_usable_after_an_exception(tracker, sink):
    event = SelfDescribing(thing({"a": [Unknown()]}))
    for _ in range(3):
        with pytest.raises(TypeError, match="Unknown"):
            tracker.track(event)
    tracker.json_encoder = lambda _: "known"
    eid = tracker.track(event)
    assert [sent["eid"] for sent in sink.events] == [eid]


def test_an_encoder_is_asked_before_the_built_in_rules():
    asked: list[Any] = []
    value = __import__("datetime").date(2026, 1, 2)
    _native.dumps([value], asked.append)
    assert asked == [value]


@pytest.mark.parametrize(
    ("value", "change", "expected"),
    [
        ([Unknown(), 1, 2], "clear", [0]),
        ([Unknown(), 1, 2], "pop", [0, 1]),
        ({"a": Unknown(), "b": 1}, "clear", {"a": 0, "b": 1}),
        ({"a": Unknown(), "b": 1}, "popitem", {"a": 0, "b": 1}),
    ],
)
def test_may_shrink_what_is_being_written(value, change, expected):
    def shrink(_: object) -> int:
        getattr(value, change)()
        return 0

    assert json.loads(_native.dumps([value, "end"], shrink)) == [expected, "end"]


def test_may_let_the_list_that_is_being_written_grow():
    value: list[Any] = [Unknown(), 1]

    def grow(_: object) -> str:
        value.extend([Unknown()] * 3)
        return "x"

    assert json.loads(_native.dumps(value, grow))[:2] == ["x", 1]
    assert len(value) == 5


def test_may_let_the_dict_that_is_being_written_grow():
    value: dict[Any, Any] = {"a": Unknown(), "b": 1}

    def grow(_: object) -> str:
        value.update({str(index): Unknown() for index in range(1000)})
        return "x"

    assert _native.dumps(value, grow).decode() == '{"a":"x","b":1}'


def test_may_drop_the_last_reference_to_what_is_being_written():
    value: dict[str, Any] = {"list": [[Unknown()], [1, 2]], "dict": {"a": Unknown(), "b": "c" * 99}}

    def drop(_: object) -> None:
        value.clear()

    assert json.loads(_native.dumps(value, drop)) == {
        "list": [[None], [1, 2]],
        "dict": {"a": None, "b": "c" * 99},
    }


def test_may_track_an_event_itself(tracker, sink, decoded):
    def encode(unknown: Unknown) -> Any:
        if unknown.value:
            tracker.track(SelfDescribing(thing({"depth": Unknown(unknown.value - 1)})))
        return unknown.value

    tracker.json_encoder = encode
    tracker.track(SelfDescribing(thing({"depth": Unknown(4)})))
    depths = [data_of(decoded(sent))["depth"] for sent in sink.events]
    assert depths == [0, 1, 2, 3, 4]
    assert len({sent["eid"] for sent in sink.events}) == 5


def test_is_called_from_several_threads(make_wire, decoded):
    wire = make_wire(batch_size=1000)
    tracker = Tracker("ns", wire.emitter, json_encoder=lambda unknown: [unknown.value] * 3)

    def work(number: int) -> None:
        for index in range(50):
            tracker.track(SelfDescribing(thing({"v": Unknown(f"{number}-{index}")})))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wire.emitter.flush()
    seen = [data_of(decoded(sent))["v"] for sent in wire.events]
    assert sorted(seen) == sorted([f"{n}-{i}"] * 3 for n in range(4) for i in range(50))


class TestSnapshot:
    """A payload is a snapshot of the moment of `track`, whatever the encoder changes then."""

    @pytest.fixture
    def track(self, tracker, sink, decoded):
        def track(change: Any, event: Any) -> dict[str, Any]:
            tracker.json_encoder = lambda _: change()
            tracker.track(event)
            return dict(decoded(sink.events[-1]))

        return track

    def test_another_subject(self, tracker, track):
        tracker.subject = Subject().set_user_id("early")
        change = lambda: tracker.set_subject(Subject().set_user_id("late")) and 1  # noqa: E731
        assert track(change, SelfDescribing(thing([Unknown()])))["uid"] == "early"
        assert tracker.subject.standard_nv_pairs["uid"] == "late"

    @pytest.mark.parametrize("name", ["uid", "e", "ue_px", "eid", "dtm", "custom"])
    def test_a_field_of_the_subject(self, tracker, track, name):
        change = lambda: tracker.subject.standard_nv_pairs.update({name: "late"})  # noqa: E731
        assert track(change, SelfDescribing(thing([Unknown()]))).get(name) != "late"

    @pytest.mark.parametrize("name", ["aid", "e", "eid", "custom"])
    def test_a_field_of_the_tracker(self, tracker, track, name):
        change = lambda: tracker.standard_nv_pairs.update({name: "late"})  # noqa: E731
        assert track(change, SelfDescribing(thing([Unknown()]))).get(name) != "late"

    @pytest.mark.parametrize("place", ["event_json", "context"])
    def test_the_events_attributes(self, track, place):
        event = SelfDescribing(thing(["early", Unknown()]), Subject().set_user_id("early"))
        event.context, event.true_timestamp = [thing({"v": Unknown()})], 1

        def change() -> None:
            event.event_json, event.event_subject = thing(["late"]), None
            event.context, event.true_timestamp = [], 2

        if place == "context":
            event.event_json = thing(["early", None])
        sent = track(change, event)
        assert data_of(sent) == ["early", None]
        assert (sent["uid"], str(sent["ttm"]), len(sent["contexts"])) == ("early", "1", 1)

    @pytest.mark.parametrize("place", ["event_json", "context"])
    @pytest.mark.parametrize("change", ["append", "clear"])
    def test_the_list_of_contexts(self, track, place, change):
        context = [thing(Unknown() if place == "context" else 0), thing("b")]

        def alter() -> int:
            if len(context) < 100:
                context.clear() if change == "clear" else context.append(thing(Unknown()))
            return 0

        event = StructuredEvent("c", "a", context=context)
        if place == "event_json":
            event = SelfDescribing(thing([Unknown()]), context=context)  # type: ignore[assignment]
        sent = track(alter, event)
        assert [json["data"] for json in sent["contexts"]] == [0, "b"]

    def test_the_list_of_emitters(self, make_inbox, sink, tracker, track):
        late: Any = make_inbox()
        change = lambda: tracker.emitters.append(late)  # noqa: E731
        track(change, SelfDescribing(thing([Unknown()])))
        tracker.track(PageView("https://a.b"))
        assert [sent["e"] for sent in sink.events] == ["ue", "pv"]
        assert late.events[-1]["e"] == "pv"

    def test_how_json_travels(self, tracker, sink, track):
        def change() -> None:
            tracker.encode_base64, tracker.json_encoder = False, None

        track(change, SelfDescribing(thing([Unknown(), Unknown()]), context=[thing(Unknown())]))
        assert {"ue_px", "cx"} <= sink.events[0].keys()
