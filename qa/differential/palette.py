"""Building blocks of programs besides the package under test: classes of values, and encoders."""

from __future__ import annotations

import enum
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

__all__ = [
    "UUID",
    "Colour",
    "Count",
    "Decimal",
    "JSONEncoder",
    "Level",
    "Mood",
    "Opaque",
    "OrderedDict",
    "Place",
    "Point",
    "Ratio",
    "Record",
    "Rows",
    "Shout",
    "Title",
    "date",
    "datetime",
    "defaultdict",
    "encode_as_nan",
    "encode_as_none",
    "encode_as_text",
    "encode_in_steps",
    "encode_opaque",
    "nested",
    "refuse",
    "time",
    "timezone",
]


class Title(str):
    """A `str` as template libraries have them."""

    __slots__ = ()


class Shout(str):
    """A `str` whose `str()` is another text."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.upper()


class Count(int):
    """An `int` whose `repr()` and `str()` are no number."""

    def __repr__(self) -> str:
        return "a count"

    __str__ = __repr__


class Ratio(float):
    """A `float` whose `repr()` and `str()` are no number."""

    def __repr__(self) -> str:
        return "a ratio"

    __str__ = __repr__


class Record(dict[Any, Any]):
    """A `dict` of a class of its own."""


class Rows(list[Any]):
    """A `list` of a class of its own."""


class Point(NamedTuple):
    """A `tuple` of a class of its own."""

    x: Any
    y: Any


class Level(enum.IntEnum):
    """Members that are `int`."""

    LOW = 1
    HIGH = 2


class Colour(str, enum.Enum):
    """Members that are `str`."""

    RED = "red"


class Mood(enum.Enum):
    """Members that are nothing else."""

    GOOD = "good"


@dataclass
class Place:
    """A plain dataclass."""

    name: Any
    size: Any


class Opaque:
    """What JSON cannot hold, and no built-in rule knows."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside

    def __repr__(self) -> str:
        return f"Opaque({self.inside!r})"


class JSONEncoder:
    """The encoder of Snowplow's own documentation: handed on as a function, it lacks its self."""

    def default(self, c: Any) -> Any:
        if isinstance(c, complex):
            return [c.real, c.imag]
        raise TypeError(repr(c) + " is not JSON serialized")


def encode_opaque(thing: Any) -> Any:
    if isinstance(thing, Opaque):
        return {"opaque": thing.inside}
    raise TypeError("neither known to JSON nor opaque")


def encode_as_text(thing: Any) -> Any:
    return f"a {type(thing).__name__}"


def encode_in_steps(thing: Any) -> Any:
    steps = thing.inside if isinstance(thing, Opaque) and type(thing.inside) is int else 0
    return Opaque(steps - 1) if 0 < steps < 5 else [steps]


def encode_as_none(_: Any) -> Any:
    return None


def encode_as_nan(_: Any) -> Any:
    return float("nan")


def refuse(_: Any) -> Any:
    raise KeyError("refused")


def nested(levels: int) -> Any:
    """A list in a list in a list, so many of them."""
    outer: list[Any] = []
    for _ in range(levels - 1):
        outer = [outer]
    return outer
