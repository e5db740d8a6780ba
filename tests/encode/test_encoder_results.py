"""Results of a `json_encoder`: they may be encoded again, or change the data meanwhile."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict, UserDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowplow_tracker import PageView, SelfDescribing, SelfDescribingJson, Tracker, _native

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"


class Unknown:
    """An object that JSON cannot hold, and the answer for it."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer


def thing(data: Any) -> SelfDescribingJson:
    return SelfDescribingJson(SCHEMA, data)


PLAIN = st.one_of(
    *(st.integers(), st.text(st.characters(exclude_categories=["Cs"])), st.none(), st.booleans())
)
# Answers hold unknown objects in turn, as deep as the data goes.
ANSWERS = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.builds(Unknown, inner),
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=4),
        st.dictionaries(st.integers(), inner, max_size=4).map(OrderedDict),
    ),
    max_leaves=20,
)


@given(ANSWERS)
def test_is_asked_for_the_same_objects_in_the_same_order_as_by_json_dumps(value):
    def asked(dumps: Any) -> tuple[list[int], Any]:
        seen: list[int] = []

        def encode(unknown: Unknown) -> Any:
            seen.append(id(unknown))
            return unknown.answer

        return seen, json.loads(dumps(value, encode), object_pairs_hook=list)

    theirs = asked(lambda value, default: json.dumps(value, default=default))
    assert asked(_native.dumps) == theirs


@given(ANSWERS, st.integers(0, 5))
def test_fails_where_json_dumps_would(value, last):
    def asked(dumps: Any) -> tuple[int, bool]:
        calls: list[Unknown] = []

        def encode(unknown: Unknown) -> Any:
            calls.append(unknown)
            if len(calls) > last:
                raise LookupError
            return unknown.answer

        try:
            dumps(value, encode)
        except LookupError:
            return len(calls), False
        return len(calls), True

    theirs = asked(lambda value, default: json.dumps(value, default=default))
    assert asked(_native.dumps) == theirs


ITERABLES: list[Any] = [
    {3},
    frozenset([3]),
    range(3, 4),
    iter([3]),
    (number for number in [3]),
    map(int, "3"),
    {3: 0}.keys(),
    {0: 3}.values(),
    bytearray(b"\x03"),
    memoryview(b"\x03"),
]


@pytest.mark.parametrize("value", ITERABLES, ids=[type(value).__name__ for value in ITERABLES])
def test_an_iterable_is_handed_over_unread(value):
    seen: list[Any] = []

    def encode(unknown: Any) -> Any:
        seen.append(unknown)
        return list(unknown)

    assert json.loads(_native.dumps({"v": value}, encode)) == {"v": [3]}
    assert seen == [value]
    assert seen[0] is value


def test_an_answer_that_is_a_generator_is_asked_for_in_turn():
    def encode(unknown: Any) -> Any:
        return (number for number in [1, 2]) if isinstance(unknown, Unknown) else list(unknown)

    assert _native.dumps([Unknown()], encode).decode() == "[[1,2]]"


def test_answers_that_are_generators_for_ever_are_an_error(tracker, sink):
    tracker.json_encoder = lambda _: (number for number in [1])
    with pytest.raises(ValueError, match="json_encoder never ends"):
        tracker.track(SelfDescribing(thing({"v": Unknown()})))
    assert sink.events == []


@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_a_dict_that_it_still_changes_is_written_as_of_each_answer(tracker, sink, decoded, kind):
    shared = kind()

    def encode(unknown: Unknown) -> Any:
        shared[unknown.answer] = len(shared)
        return shared

    tracker.json_encoder = encode
    tracker.track(SelfDescribing(thing([Unknown("a"), Unknown("b")])))
    assert decoded(sink.events[0])["data"]["data"] == [{"a": 0}, {"a": 0, "b": 1}]
    assert shared == {"a": 0, "b": 1}


class Mapped(UserDict[str, int]):
    """A mapping that is no dict."""


@pytest.mark.parametrize("value", [Mapped(a=1), SelfDescribingJson(SCHEMA, {}), Unknown, len])
def test_what_only_looks_like_json_is_asked_for(value):
    seen: list[Any] = []
    _native.dumps({"v": value}, seen.append)
    assert seen == [value]


def test_is_asked_for_the_events_data_before_its_contexts(tracker):
    seen: list[str] = []

    def encode(unknown: Unknown) -> Any:
        seen.append(unknown.answer)
        return 0

    tracker.json_encoder = encode
    context = [thing(Unknown("first context")), thing({"v": Unknown("second context")})]
    tracker.track(SelfDescribing(thing([Unknown("data")]), context=context))
    assert seen == ["data", "first context", "second context"]


def test_is_called_once_for_all_emitters(make_wire, make_inbox):
    calls: list[object] = []
    wires = [make_wire(), make_wire()]
    emitters = [make_inbox(), *(wire.emitter for wire in wires)]
    Tracker("ns", emitters, json_encoder=calls.append).track(SelfDescribing(thing(Unknown())))
    assert len(calls) == 1
    assert len({sent["ue_px"] for wire in wires for sent in wire.events}) == 1


class Encoder(json.JSONEncoder):
    def default(self, o: Any) -> Any:
        return "known" if isinstance(o, Unknown) else super().default(o)

    def __call__(self, o: Any) -> Any:
        return self.default(o)


@pytest.mark.parametrize("encoder", [Encoder().default, Encoder(), lambda o: Encoder().default(o)])
def test_may_be_any_callable(tracker, sink, decoded, encoder):
    tracker.json_encoder = encoder
    tracker.track(SelfDescribing(thing(Unknown())))
    with pytest.raises(TypeError, match="complex is not JSON serializable"):
        tracker.track(SelfDescribing(thing(1j)))
    assert [decoded(sent)["data"]["data"] for sent in sink.events] == ["known"]


def test_flushing_and_tracking_in_mid_encoding_on_several_threads(make_wire):
    wire = make_wire(batch_size=3)
    tracker = Tracker("ns", wire.emitter)

    def encode(unknown: Unknown) -> Any:
        tracker.track(PageView(f"https://a.b/{unknown.answer}"))
        tracker.flush()
        return unknown.answer

    tracker.json_encoder = encode
    threads = [
        threading.Thread(target=tracker.track, args=(SelfDescribing(thing(Unknown(number))),))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracker.flush()
    assert sorted(sent["e"] for sent in wire.events) == ["pv"] * 8 + ["ue"] * 8
    assert len({sent["eid"] for sent in wire.events}) == 16
