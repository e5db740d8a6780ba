"""The JSON writer agrees with `json.dumps`, in compact form, for every kind of value."""

from __future__ import annotations

import base64
import json
import math
from collections import OrderedDict, defaultdict
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowplow_tracker import _native

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
INTEGERS = st.integers() | st.integers(-(10**40), 10**40)
KEYS = TEXT | INTEGERS | FINITE | st.booleans() | st.none()


class Point(NamedTuple):
    x: Any
    y: Any


class Level(IntEnum):
    LOW = 3


class Colour(str, Enum):
    RED = "red"


class Shouting(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "SHOUT"

    __repr__ = __str__


class Loud(int):
    def __repr__(self) -> str:
        return "loud"

    __str__ = __index__ = __repr__  # type: ignore[assignment]


class Wet(float):
    def __repr__(self) -> str:
        return "wet"

    __str__ = __repr__

    def __float__(self) -> float:
        return 99.0


class Doubled(dict[Any, Any]):
    def items(self) -> Any:
        return [(key * 2, value) for key, value in super().items()]


class Reversed(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        return reversed(self)


class Counted(tuple[Any, ...]):
    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return iter(range(len(self)))

    def __repr__(self) -> str:
        return "counted"


class Plain(dict[Any, Any]):
    """A dict whose other ways of being read lie."""

    def __iter__(self) -> Iterator[Any]:
        return iter(["lie"])

    def keys(self) -> Any:
        return ["lie"]

    def __getitem__(self, key: Any) -> Any:
        return "lie"

    __repr__ = __str__ = lambda self: "lie"  # noqa: ARG005


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    dicts = st.dictionaries(KEYS, inner, max_size=4)
    lists = st.lists(inner, max_size=4)
    return st.one_of(
        *(dicts, dicts.map(OrderedDict), dicts.map(lambda d: defaultdict(int, d))),
        *(lists, lists.map(tuple), lists.map(Reversed), st.builds(Point, inner, inner)),
        *(dicts.map(Plain), lists.map(Counted)),
    )


SCALARS = st.one_of(
    *(st.none(), st.booleans(), INTEGERS, FINITE, TEXT),
    st.sampled_from([Level.LOW, Colour.RED, Shouting("a"), Loud(7), Loud(2**70), Wet(0.5)]),
)
VALUES = st.recursive(SCALARS, containers, max_leaves=15)

SUBCLASSES = [
    (Level.LOW, "3"),
    (Colour.RED, '"red"'),
    (Shouting('s"'), r'"s\""'),
    (Loud(7), "7"),
    (Loud(-(2**65)), "-36893488147419103232"),
    (Wet(0.5), "0.5"),
    (Point(1, [2]), "[1,[2]]"),
    (OrderedDict([("b", 1), ("a", 2)]), '{"b":1,"a":2}'),
    (defaultdict(list, {"k": []}), '{"k":[]}'),
    (Doubled(a=1), '{"aa":1}'),
    (Reversed([1, 2]), "[2,1]"),
    (Counted("xy"), "[0,1]"),
    (Plain(k=1), '{"k":1}'),
    ({Colour.RED: 1, Level.LOW: 2, Shouting("s"): 3}, '{"red":1,"3":2,"s":3}'),
    ({Loud(7): 1, Wet(0.5): 2}, '{"7":1,"0.5":2}'),
]


def pairs(text: str | bytes) -> Any:
    """Read JSON with its order and its repeated names."""
    return json.loads(text, object_pairs_hook=list)


@given(VALUES)
def test_agrees_with_json_dumps(value):
    assert pairs(_native.dumps(value)) == pairs(json.dumps(value))


@given(VALUES)
def test_base64_is_url_safe_and_padded(value):
    text = _native.dumps(value)
    assert _native.b64(value) == base64.urlsafe_b64encode(text).decode()


@given(st.recursive(st.none() | st.integers() | TEXT, containers, max_leaves=10))
def test_is_compact_with_raw_text(value):
    expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if "e+" not in expected and "e-" not in expected:
        assert _native.dumps(value).decode() == expected


@given(FINITE)
def test_floats_keep_every_bit(number):
    read = json.loads(_native.dumps(number))
    assert isinstance(read, float)
    assert (read, math.copysign(1, read)) == (number, math.copysign(1, number))


@given(st.one_of(INTEGERS, FINITE, st.booleans(), st.none()))
def test_keys_that_are_no_text_become_it_as_json_dumps_writes_them(key):
    assert _native.dumps({key: 0}).decode() == json.dumps({key: 0}, separators=(",", ":"))


@pytest.mark.parametrize("key", [math.nan, math.inf, -math.inf])
def test_a_key_that_is_not_finite_is_the_text_that_json_dumps_writes(key):
    assert json.loads(_native.dumps({key: 0})) == json.loads(json.dumps({key: 0}))


@pytest.mark.parametrize(("value", "text"), SUBCLASSES)
def test_subclasses_are_written_as_their_base(value, text):
    def never(unknown: object) -> None:
        raise AssertionError(f"asked for {unknown!r}")

    assert _native.dumps(value, never).decode() == text
    assert json.loads(text) == json.loads(json.dumps(value, default=never))


@pytest.mark.parametrize("edge", [2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**4000])
def test_integers_of_any_size(edge):
    assert _native.dumps([edge, -edge]).decode() == f"[{edge},{-edge}]"


def test_an_integer_beyond_pythons_own_limit_raises_what_json_dumps_raises():
    with pytest.raises(ValueError, match="Exceeds the limit") as ours:
        _native.dumps(10**5000)
    with pytest.raises(ValueError, match="Exceeds the limit") as theirs:
        json.dumps(10**5000)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("key", [(1,), b"k", frozenset(), 1j, object()])
def test_other_keys_are_refused_and_never_reach_the_encoder(key):
    calls: list[object] = []
    with pytest.raises(TypeError, match=f"keys must be .* not {type(key).__name__}"):
        _native.dumps({"a": {key: 1}}, calls.append)
    assert calls == []


@pytest.mark.parametrize("empty", [{}, [], (), OrderedDict(), defaultdict(int), Reversed()])
def test_empty_containers(empty):
    assert _native.dumps([empty, empty]).decode() == json.dumps([empty, empty]).replace(" ", "")


@pytest.mark.parametrize("base", [Doubled, Reversed])
def test_a_container_that_raises_lets_its_exception_out(base):
    def fail(_: object) -> None:
        raise LookupError("no items")

    broken = type("Broken", (base,), {"items": fail, "__iter__": fail})([("a", 1)])
    with pytest.raises(LookupError, match="no items"):
        _native.dumps([broken])


@pytest.mark.parametrize("write", [_native.dumps, _native.b64])
def test_writes_the_same_object_as_often_as_it_occurs(write: Callable[[Any], bytes | str]):
    shared = {"a": [1]}
    assert write([shared] * 300) == write([{"a": [1]} for _ in range(300)])


class Fields:
    """An object whose attributes share their keys with those of other instances."""

    def __init__(self) -> None:
        self.a, self.b = 1, "two"


def dicts_of_each_layout() -> dict[str, dict[Any, Any]]:
    some_removed = {f"k{number}": number for number in range(40)}
    for number in range(0, 40, 3):
        del some_removed[f"k{number}"]
    keys_of_other_types: dict[Any, Any] = {"a": 1}
    keys_of_other_types[2] = "two"
    del keys_of_other_types[2]
    keys_of_other_types["b"] = 3
    return {
        "keys removed": some_removed,
        "keys of other types removed": keys_of_other_types,
        "shared keys": vars(Fields()),
        "many": {f"k{number}": None for number in range(70_000)},
        "emptied": {},
    }


@pytest.mark.parametrize("layout", list(dicts_of_each_layout()))
def test_writes_dicts_of_each_layout(layout):
    data = dicts_of_each_layout()[layout]
    assert json.loads(_native.dumps(data)) == data


@pytest.mark.parametrize("text", ["ÿ é", "abcdefgh\u00e9\n", "привет", '青い"靴', "a😀\\", "\x00é"])
def test_writes_text_that_has_no_utf8_yet(text):
    new = text * 2
    assert json.loads(_native.dumps({new: [new]})) == {new: [new]}
