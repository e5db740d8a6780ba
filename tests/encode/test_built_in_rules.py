"""How objects that JSON does not know are encoded without a `json_encoder`."""

from __future__ import annotations

import json
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, auto
from typing import Any, ClassVar
from uuid import UUID

import pytest

from snowplow_tracker import SelfDescribing, SelfDescribingJson, _native

IST = timezone(timedelta(hours=5, minutes=30))
ID = "5f0c2b3e-3d0b-4d64-9c1e-6f2f4b1f9a10"


class Shape(Enum):
    ROUND = "round"
    SINCE = date(2026, 1, 2)
    BOTH = (1, "two")


class Right(Flag):
    READ = auto()
    WRITE = auto()


@dataclass
class Inner:
    at: date


@dataclass
class Outer:
    kind: ClassVar[str] = "never shown"
    seed: InitVar[int]
    inner: Inner
    many: list[Inner] = field(default_factory=list)
    hidden: str = field(default="shown", repr=False, compare=False)
    sum: int = field(init=False)

    def __post_init__(self, seed: int) -> None:
        self.sum = seed + 1
        self.extra = "no field"


@dataclass(frozen=True)
class Slotted:
    __slots__ = ("a",)
    a: int


class Moment(datetime):
    """A datetime as libraries derive it."""


class Price(Decimal):
    def __str__(self) -> str:
        return "$" + super().__str__()

    __repr__ = __format__ = __str__  # type: ignore[assignment]


class OddId(UUID):
    """A UUID as libraries derive it."""


CASES: list[tuple[Any, Any]] = [
    (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),  # noqa: DTZ001
    (datetime(2026, 1, 2, 3, 4, 5, 6, IST), "2026-01-02T03:04:05.000006+05:30"),
    (datetime(2026, 1, 2, tzinfo=timezone.utc), "2026-01-02T00:00:00+00:00"),
    (Moment(2026, 1, 2, tzinfo=timezone.utc), "2026-01-02T00:00:00+00:00"),
    (date(1, 1, 1), "0001-01-01"),
    (time(23, 59, 58, 7), "23:59:58.000007"),
    (time(1, 2, tzinfo=IST), "01:02:00+05:30"),
    (UUID(ID), ID),
    (OddId(ID), ID),
    (Shape.ROUND, "round"),
    (Shape.SINCE, "2026-01-02"),
    (Shape.BOTH, [1, "two"]),
    (Right.READ | Right.WRITE, 3),
    (Outer(4, Inner(date(2026, 1, 2))), None),
    (Slotted(1), {"a": 1}),
]
DECIMALS = ["0", "-0", "1.10", "12345678901234567890.123456789", "1E+5", "1E-7", "-0E-10", "9E+500"]


@pytest.mark.parametrize(("value", "expected"), [case for case in CASES if case[1] is not None])
def test_is_written_the_way_users_expect(value, expected):
    assert json.loads(_native.dumps({"v": [value]})) == {"v": [expected]}


def test_a_dataclass_is_its_fields_and_no_more():
    value = Outer(4, Inner(date(2026, 1, 2)), [Inner(date(2026, 3, 4))])
    assert list(json.loads(_native.dumps(value)).items()) == [
        ("inner", {"at": "2026-01-02"}),
        ("many", [{"at": "2026-03-04"}]),
        ("hidden", "shown"),
        ("sum", 5),
    ]


@pytest.mark.parametrize("text", DECIMALS)
def test_a_decimal_is_a_number_with_all_its_digits(text):
    assert json.loads(_native.dumps([Decimal(text)]), parse_float=str, parse_int=str) == [text]


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_decimal_that_is_no_number_is_null(text):
    assert _native.dumps([Decimal(text)]).decode() == "[null]"


def test_a_subclass_of_decimal_is_still_a_number():
    assert _native.dumps([Price("1.50")]).decode() == "[1.50]"


def test_a_dataclass_that_holds_itself_is_an_error():
    value = Outer(1, Inner(date.min))
    value.many.append(value)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Circular"):
        _native.dumps(value)


class OddModule:
    __module__ = 5  # type: ignore[assignment]


@pytest.mark.parametrize("value", [object(), 1j, b"x", Outer, Shape, iter(()), OddModule()])
def test_anything_else_raises_naming_the_type(tracker, sink, value):
    event = SelfDescribing(SelfDescribingJson("iglu:a/b/jsonschema/1-0-0", {"a": [1, value]}))
    with pytest.raises(TypeError, match=rf"\b{type(value).__name__}\b.* not JSON serializable"):
        tracker.track(event)
    assert sink.events == []


def test_self_describing_json_within_data_is_such_an_object():
    inner = SelfDescribingJson("iglu:a/b/jsonschema/1-0-0", {})
    with pytest.raises(TypeError, match="SelfDescribingJson"):
        _native.dumps([inner])
    assert json.loads(_native.dumps([inner], lambda it: it.to_json()))[0]["data"] == {}


class TestNumpy:
    @pytest.fixture
    def np(self):
        return pytest.importorskip("numpy")

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("int64", 2**62, 2**62),
            ("uint64", 2**64 - 1, 2**64 - 1),
            ("int8", -5, -5),
            ("float32", 0.5, 0.5),
            ("float64", 0.1, 0.1),
            ("float16", "nan", None),
            ("float64", "inf", None),
            ("longdouble", 0.5, 0.5),
            ("bool_", True, True),
            ("str_", "é", "é"),
            ("datetime64", "2026-01-02", "2026-01-02"),
        ],
    )
    def test_scalars_are_their_python_value(self, np, name, value, expected):
        assert json.loads(_native.dumps([getattr(np, name)(value)])) == [expected]

    def test_complex_numbers_are_refused(self, np):
        for value in (np.array([1j]), np.complex64(1j)):
            with pytest.raises(TypeError, match="complex"):
                _native.dumps([value])
