"""The fields of each kind of event: which are present, and with which types."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowplow_tracker import (
    VERSION,
    Event,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)
from snowplow_tracker.constants import CONTEXT_SCHEMA, UNSTRUCT_EVENT_SCHEMA

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
SCREEN = "iglu:com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0"
THING = SelfDescribingJson(SCHEMA, {"k": "é", "n": [1, None]})
READABLE = {"schema": SCHEMA, "data": {"k": "é", "n": [1, None]}}
EVERY_SCREEN_FIELD = {
    "id": "i",
    "name": "n",
    "type": "t",
    "previousName": "pn",
    "previousId": "pi",
    "previousType": "pt",
    "transitionType": "tt",
}
KINDS: list[tuple[Event, dict[str, Any]]] = [
    (PageView("u", "t", "r"), {"e": "pv", "url": "u", "page": "t", "refr": "r"}),
    (PageView(page_url="u"), {"e": "pv", "url": "u"}),
    (
        PagePing("u", "t", "r", 0, 1, -2, 3),
        {"e": "pp", "url": "u", "page": "t", "refr": "r"}
        | {"pp_mix": 0, "pp_max": 1, "pp_miy": -2, "pp_may": 3},
    ),
    (PagePing("u", max_y=9), {"e": "pp", "url": "u", "pp_may": 9}),
    (
        StructuredEvent("c", "a", "l", "p", 1.5),
        {"e": "se", "se_ca": "c", "se_ac": "a", "se_la": "l", "se_pr": "p", "se_va": 1.5},
    ),
    (StructuredEvent("c", "a", value=0), {"e": "se", "se_ca": "c", "se_ac": "a", "se_va": 0}),
    (SelfDescribing(THING), {"e": "ue", "data": READABLE}),
    (
        SelfDescribing(SelfDescribingJson(SCHEMA, [])),
        {"e": "ue", "data": {"schema": SCHEMA, "data": []}},
    ),
    (
        ScreenView("i", "n", "t", "pn", "pi", "pt", "tt"),
        {"e": "ue", "data": {"schema": SCREEN, "data": EVERY_SCREEN_FIELD}},
    ),
    (
        ScreenView("i", "n", previous_type="pt"),
        {
            "e": "ue",
            "data": {"schema": SCREEN, "data": {"id": "i", "name": "n", "previousType": "pt"}},
        },
    ),
    (Event({"e": "ad", "x": 1}), {"e": "ad", "x": 1}),
    (Event(), {}),
]
ADDED = {"p", "eid", "dtm", "tv", "tna"}


class Text(str, Enum):
    SHOWN = "shown"


class Safe(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "not me"


class Own:
    def __str__(self) -> str:
        return "own"


def as_text(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name == "data" else str(value) for name, value in fields.items()}


@pytest.mark.parametrize(("event", "own"), KINDS)
class TestKinds:
    def test_fields_keep_their_types_in_a_dict(self, handed, decoded, event, own):
        sent = decoded(handed(event))
        assert {name: value for name, value in sent.items() if name not in ADDED} == own

    def test_fields_are_text_on_the_wire(self, record, decoded, event, own):
        sent = decoded(record(event))
        assert {name: sent[name] for name in sent if name not in ADDED} == as_text(own)

    def test_the_tracker_adds_its_facts(self, fields, event, own):
        sent = fields(event, app_id="shop")
        assert sent.keys() == own.keys() | ADDED | {"aid"}
        assert (sent["tv"], sent["tna"], sent["aid"], sent["p"]) == (VERSION, "ns", "shop", "pc")


@pytest.mark.parametrize(
    ("encode_base64", "names"),
    [(True, ("ue_px", "cx")), (False, ("ue_pr", "co")), (0, ("ue_pr", "co"))],
)
def test_json_travels_under_the_name_of_its_encoding(record, encode_base64, names):
    sent = record(SelfDescribing(THING, context=[THING]), encode_base64=encode_base64)
    assert tuple(name for name in ("ue_px", "ue_pr", "cx", "co") if name in sent) == names


def test_json_is_wrapped_in_the_protocols_envelopes(record):
    sent = record(SelfDescribing(THING, context=[THING]), encode_base64=False)
    thing = f'{{"schema":"{SCHEMA}","data":{{"k":"é","n":[1,null]}}}}'
    assert sent["ue_pr"] == f'{{"schema":"{UNSTRUCT_EVENT_SCHEMA}","data":{thing}}}'
    assert sent["co"] == f'{{"schema":"{CONTEXT_SCHEMA}","data":[{thing}]}}'


@pytest.mark.parametrize("value", ["", 0, False])
def test_a_screen_view_leaves_out_none_alone(fields, value):
    event = ScreenView("i", "n", type=value, previous_name=None)
    assert fields(event)["data"]["data"] == {"id": "i", "name": "n", "type": value}
    event.type, event.previous_id = "set", value
    event.type = value
    expected = {"id": "i", "name": "n", "type": value, "previousId": value}
    assert fields(event)["data"]["data"] == expected


VALUES: list[tuple[Any, str]] = [
    (0, "0"),
    (False, "False"),
    (10**30, str(10**30)),
    (-0.0, "-0.0"),
    (1e16, "1e+16"),
    (1e-7, "1e-07"),
    (Decimal("1.10"), "1.10"),
    (Fraction(1, 3), "1/3"),
    (b"b", "b'b'"),
    ([], "[]"),
    (Own(), "own"),
    (Text.SHOWN, "shown"),
    (Safe("safe"), "safe"),
    ('é"\\\n\x00\U0001f600', 'é"\\\n\x00\U0001f600'),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_any_value_is_text_on_the_wire_and_itself_in_a_dict(record, handed, value, text):
    event = StructuredEvent("c", "a", value=value)
    subject = Subject()
    subject.standard_nv_pairs["uid"] = value
    sent = record(event, subject=subject, app_id=value)
    assert (sent["se_va"], sent["uid"], sent["aid"]) == (text, text, text)
    given = handed(event, subject=subject, app_id=value)
    assert all(given[name] is value for name in ("se_va", "uid", "aid"))


@pytest.mark.parametrize(
    "value",
    [None, "", Safe(""), math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("-Infinity")],
)
def test_nothing_and_what_is_no_number_is_left_out(fields, value):
    subject = Subject()
    subject.standard_nv_pairs["uid"] = value
    event = StructuredEvent("c", "a", value, value, value)
    sent = fields(event, subject=subject, app_id=value)
    assert not {"se_la", "se_pr", "se_va", "uid", "aid"} & sent.keys()
    assert "xyz" not in fields(Event({"xyz": value}))


FIELD_NAMES = st.text(min_size=1) | st.integers()
FIELD_VALUES = st.one_of(
    *(st.none(), st.text(), st.integers(), st.floats(), st.booleans(), st.binary())
)


@given(own=st.dictionaries(FIELD_NAMES, FIELD_VALUES))
def test_both_ways_out_agree_whatever_an_event_holds(make_wire, make_inbox, own):
    wire, inbox = make_wire(), make_inbox()
    Tracker("ns", [wire.emitter, inbox]).track(Event(own))
    [sent], [given_] = wire.events, inbox.events
    assert sent == {readable(name): readable(value) for name, value in given_.items()}


def readable(value: Any) -> str:
    return str(value).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@pytest.mark.parametrize("name", ["uid", "xyz", "url"])
def test_a_fields_name_may_be_a_text_enum(fields, name):
    key = Enum("Name", {"MEMBER": name}, type=str).MEMBER  # type: ignore[attr-defined]
    subject = Subject()
    subject.standard_nv_pairs[key] = "subject"
    sent = fields(Event({"e": "pv"}), subject=subject)
    assert sent[name] == "subject"
    assert sent.keys() <= ADDED | {"e", name}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (5, 5),
        (0, 0),
        (1_600_000_000_123.9, 1_600_000_000_123),
        (-1.9, -1),
        (True, 1),
        (10**20, 10**20),
    ],
)
def test_true_timestamp_is_cut_to_whole_milliseconds(record, handed, given, expected):
    event = PageView("u", true_timestamp=given)
    assert record(event)["ttm"] == str(expected)
    ttm = handed(event)["ttm"]
    assert (ttm, type(ttm)) == (expected, int)


@pytest.mark.parametrize("given", [None, "1600000000123", "", math.nan, math.inf, b"1", [1]])
def test_anything_else_is_no_true_timestamp(fields, given):
    assert "ttm" not in fields(PageView("u", true_timestamp=given))


@pytest.mark.parametrize("given", [[THING], (THING,)])
def test_contexts_come_in_a_list_or_a_tuple(fields, given):
    assert fields(PageView("u", context=given))["contexts"] == [READABLE]


@pytest.mark.parametrize("given", [None, [], ()])
def test_no_context_adds_nothing(record, given):
    sent = record(PageView("u", context=given))
    assert not {"cx", "co"} & sent.keys()


@pytest.mark.parametrize(
    ("given", "error", "complaint"),
    [
        (
            {"schema": SCHEMA, "data": {}},
            AttributeError,
            "context must be a list of SelfDescribingJson",
        ),
        ([{"schema": SCHEMA, "data": {}}], AttributeError, "'dict' object"),
        ([THING, None], AttributeError, "'NoneType' object"),
        (["text"], AttributeError, "'str' object"),
        ((thing for thing in [THING]), TypeError, "generator"),
        (THING, TypeError, "SelfDescribingJson"),
    ],
)
def test_other_contexts_are_an_error(tracker, sink, given, error, complaint):
    with pytest.raises(error, match=complaint):
        tracker.track(PageView("u", context=given))
    assert sink.events == []


def test_a_list_that_shows_less_than_its_length_is_what_it_shows(fields):
    class Hidden(list[Any]):
        def __iter__(self) -> Any:
            return iter(())

    assert fields(PageView("u", context=Hidden([THING]))).get("contexts", []) == []


@pytest.mark.parametrize("given", [{"schema": SCHEMA}, "text", 5])
def test_an_event_json_must_be_self_describing(tracker, sink, given):
    with pytest.raises(AttributeError, match="event_json must be a SelfDescribingJson"):
        tracker.track(SelfDescribing(given))
    assert sink.events == []
