"""Values of common libraries, as themselves and as keys, with the real libraries."""

from __future__ import annotations

import array
import collections
import json
import types
import warnings
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import attr
import numpy as np
import pandas as pd
import pydantic
import pydantic.v1
import pytest

from snowplow_tracker import SelfDescribing, SelfDescribingJson, StructuredEvent, _native

UTC_NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


class Mood(Enum):
    GOOD = "good"
    DAY = date(2026, 1, 2)
    UNSET = None


@attr.define
class Point:
    x: Any
    y: Any = None


@attr.s
class OldPoint:
    x = attr.ib()


class Item(pydantic.BaseModel):
    at: datetime
    secret: pydantic.SecretStr = pydantic.SecretStr("hidden")


class Order(pydantic.BaseModel):
    items: list[Item]


class Numbers(pydantic.RootModel[list[int]]):
    pass


class OldModel(pydantic.v1.BaseModel):
    at: datetime


class Foreign:
    """A type that pydantic does not know."""


class Mixed(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    foreign: Foreign


class Mapped(collections.UserDict[str, int]):
    """A mapping that is no dict."""


def written(value: Any) -> Any:
    return json.loads(_native.dumps({"v": [value]}), parse_float=str)["v"][0]


def moment64(text: str, unit: str = "ns") -> Any:
    return np.datetime64(text, unit)  # type: ignore[call-overload]


def duration_without_unit() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.timedelta64(5)


TIMES: list[tuple[Any, Any]] = [
    (pd.NaT, None),
    (pd.NA, None),
    (np.datetime64("NaT", "s"), None),
    (np.timedelta64("NaT", "s"), None),
    (pd.Timestamp("2026-01-02T12:00:00Z"), "2026-01-02T12:00:00+00:00"),
    (pd.Timestamp("2026-01-02T12:00:00.000000001"), "2026-01-02T12:00:00.000000001"),
    (moment64("2026", "Y"), "2026-01-01"),
    (moment64("2026-02", "M"), "2026-02-01"),
    (moment64("2026-01-02", "D"), "2026-01-02"),
    (moment64("2026-01-02T12", "h"), "2026-01-02T12:00:00"),
    (moment64("2026-01-02T12:30", "s"), "2026-01-02T12:30:00"),
    (moment64("2026-01-02T12:30", "ns"), "2026-01-02T12:30:00"),
    (moment64("2026-01-02T12:30:00.1", "ns"), "2026-01-02T12:30:00.100000"),
    (moment64("2026-01-02T12:30:00.000000001", "ns"), "2026-01-02T12:30:00.000000001"),
    (moment64("1970-01-01T00:00:00.5", "as"), "1970-01-01T00:00:00.500000"),
    (moment64("30000-01-02", "D"), "30000-01-02"),
    (timedelta(0), "PT0S"),
    (timedelta(days=1, hours=2, minutes=3, seconds=4.5), "P1DT2H3M4.5S"),
    (timedelta(minutes=-90), "-PT1H30M"),
    (timedelta.max, "P999999999DT23H59M59.999999S"),
    (pd.Timedelta("1D 1ns"), "P1DT0.000000001S"),
    (np.timedelta64(1_500_000_000, "ns"), "PT1.5S"),
    (np.timedelta64(4, "as"), "PT0.000000000000000004S"),
    (np.timedelta64(2, "W"), "P14D"),
    (np.timedelta64(-2, "Y"), "-P2Y"),
    (np.timedelta64(3, "M"), "P3M"),
    (duration_without_unit(), 5),
]
NUMBERS: list[tuple[Any, Any]] = [
    (np.float32(0.1), "0.1"),
    (np.float16(0.1), "0.1"),
    (np.float32("nan"), None),
    (Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
]
RECORDS = np.array([(1, 0.5, "2026-01-02")], dtype=[("a", "i4"), ("b", "f4"), ("c", "M8[ns]")])
ARRAYS: list[tuple[Any, Any]] = [
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.array([0.1], dtype="f4"), ["0.1"]),
    (np.array([0.1, np.nan]), ["0.1", None]),
    (np.array(["2026-01-02", "NaT"], dtype="M8[ns]"), ["2026-01-02T00:00:00", None]),
    (np.array([[1, 2]], dtype="m8[s]"), [["PT1S", "PT2S"]]),
    (np.array(0.1, dtype="f4"), "0.1"),
    (np.array(7), 7),
    (np.array([Mood.GOOD, None]), ["good", None]),
    (np.array([]), []),
    (np.ma.array([1, 2], mask=[False, True]), [1, None]),
    (np.ma.array([0.1, 2], mask=[False, True], dtype="f4"), ["0.1", None]),
    (np.ma.masked, None),
    (RECORDS, [{"a": 1, "b": "0.5", "c": "2026-01-02T00:00:00"}]),
]
OBJECTS: list[tuple[Any, Any]] = [
    (Point(1, Point(UTC_NOON)), {"x": 1, "y": {"x": "2026-01-02T12:00:00+00:00", "y": None}}),
    (OldPoint(1), {"x": 1}),
    (
        Order(items=[Item(at=UTC_NOON)]),
        {"items": [{"at": "2026-01-02T12:00:00Z", "secret": "**********"}]},
    ),
    (Numbers([1, 2]), [1, 2]),
    (OldModel(at=UTC_NOON), {"at": "2026-01-02T12:00:00+00:00"}),
    (pydantic.HttpUrl("https://a.b/c"), "https://a.b/c"),
    (PurePosixPath("/a/b"), "/a/b"),
    (ip_address("127.0.0.1"), "127.0.0.1"),
    (ip_address("::1"), "::1"),
    (ip_network("10.0.0.0/8"), "10.0.0.0/8"),
    (ip_interface("10.0.0.1/8"), "10.0.0.1/8"),
    ({1}, [1]),
    (frozenset("a"), ["a"]),
    (collections.deque([1, [2]]), [1, [2]]),
    (types.MappingProxyType({"a": UTC_NOON.date()}), {"a": "2026-01-02"}),
    (Mapped(a=1), {"a": 1}),
    (collections.ChainMap({"a": 1}, {"b": 2}), {"b": 2, "a": 1}),
    (collections.UserList([1]), [1]),
    (collections.UserString("text"), "text"),
    (range(3), [0, 1, 2]),
    ({"a": 1}.keys(), ["a"]),
    ({"a": 1}.values(), [1]),
    ({"a": 1}.items(), [["a", 1]]),
    (array.array("i", [1, 2]), [1, 2]),
]
KEYS: list[tuple[Any, str]] = [
    (UTC_NOON, "2026-01-02T12:00:00+00:00"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Decimal("1.50"), "1.50"),
    (Mood.GOOD, "good"),
    (Mood.DAY, "2026-01-02"),
    (PurePosixPath("/a"), "/a"),
    (ip_address("::1"), "::1"),
    (timedelta(1), "P1D"),
    (np.int64(3), "3"),
    (np.bool_(True), "true"),
    (np.float32(0.1), "0.1"),
    (np.datetime64("2026-01-02", "ns"), "2026-01-02T00:00:00"),
    (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
    (pd.NaT, "null"),
]


@pytest.mark.parametrize(("value", "expected"), [*TIMES, *NUMBERS, *ARRAYS, *OBJECTS])
def test_is_written_the_way_users_expect(value, expected):
    assert written(value) == expected


@pytest.mark.parametrize(("key", "text"), KEYS)
def test_a_key_is_written_as_a_value_of_its_type(key, text):
    assert json.loads(_native.dumps({"a": {key: 1}})) == {"a": {text: 1}}


def test_a_row_of_a_data_frame():
    frame = pd.DataFrame({"paid": pd.to_datetime(["2026-01-02", "NaT"]), "count": [1, 2]})
    assert [written(row) for row in frame.to_dict("records")] == [
        {"paid": "2026-01-02T00:00:00", "count": 1},
        {"paid": None, "count": 2},
    ]


def test_what_pydantic_does_not_know_goes_to_the_encoder():
    model = Mixed(foreign=Foreign())

    def encode(value: object) -> str:
        if isinstance(value, Foreign):
            return "known"
        raise TypeError

    assert json.loads(_native.dumps(model, encode)) == {"foreign": "known"}
    with pytest.raises(TypeError, match="at foreign: Object of type Foreign"):
        _native.dumps(model)


def test_a_collection_that_contains_itself_is_an_error():
    value: collections.deque[Any] = collections.deque()
    value.append([value])
    with pytest.raises(ValueError, match="Circular"):
        _native.dumps(value)


@dataclass
class Nested:
    inner: Any


@pytest.mark.parametrize(
    "wrap", [Nested, Point, lambda inner: Mapped(a=inner), lambda inner: collections.deque([inner])]
)
def test_each_object_is_one_level_of_nesting(wrap):
    value: Any = 0
    for _ in range(255):
        value = wrap(value)
    _native.dumps(value)
    with pytest.raises(ValueError, match="nested deeper"):
        _native.dumps(wrap(value))


class TestPlainFields:
    @pytest.mark.parametrize(
        ("value", "sent"),
        [
            (Mood.GOOD, "good"),
            (Mood.DAY, "2026-01-02"),
            (Mood.UNSET, None),
            (pd.NaT, None),
            (pd.NA, None),
            (np.datetime64("NaT", "s"), None),
            (np.int64(3), "3"),
            (True, "True"),
        ],
    )
    def test_enums_travel_by_value_and_missing_values_are_left_out(self, record, value, sent):
        event = StructuredEvent("category", "action", label=value, value=value)
        fields = record(event)
        assert (fields.get("se_la"), fields.get("se_va")) == (sent, sent)

    def test_a_custom_emitter_gets_the_value_of_an_enum_member(self, handed):
        given = handed(StructuredEvent("category", "action", label=Mood.GOOD, value=Mood.UNSET))  # type: ignore[arg-type]
        assert given["se_la"] == "good"
        assert "se_va" not in given


class TestEncoder:
    def test_that_raises_type_error_leaves_known_types_to_the_rules(self, fields):
        def paths(value: object) -> str:
            if isinstance(value, PurePosixPath):
                return f"path {value}"
            raise TypeError(f"no JSON for {value!r}")

        data = {"path": PurePosixPath("/a"), "day": UTC_NOON.date(), "price": Decimal("1.50")}
        event = SelfDescribing(SelfDescribingJson("iglu:a/b/jsonschema/1-0-0", data))
        sent = fields(event, json_encoder=paths)["data"]["data"]
        assert sent == {"path": "path /a", "day": "2026-01-02", "price": 1.5}

    def test_of_the_class_json_encoder_leaves_known_types_to_the_rules(self):
        text = _native.dumps([UTC_NOON.date(), {1}], json.JSONEncoder().default)
        assert json.loads(text) == ["2026-01-02", [1]]

    def test_that_handles_a_type_is_called_once_for_it(self):
        calls: list[Any] = []
        _native.dumps([UTC_NOON, {1}], calls.append)
        assert calls == [UTC_NOON, {1}]

    def test_that_raises_something_else_ends_the_call(self):
        def fail(value: object) -> None:
            raise LookupError(value)

        with pytest.raises(LookupError):
            _native.dumps([UTC_NOON], fail)
