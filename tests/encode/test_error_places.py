"""Errors say where in the data they occurred, and what to do."""

from __future__ import annotations

import sys
import types
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any, NamedTuple

import attr
import numpy as np
import pandas as pd
import pytest

from snowplow_tracker import (
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    Tracker,
    _native,
)

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"


class Foo:
    """A type without a rule."""


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Entry:
    name: str
    value: Any


@attr.define
class Point:
    x: int
    y: Any


class Listed(list[Any]):
    """A list of a class of its own."""


def event(data: Any) -> SelfDescribing:
    return SelfDescribing(SelfDescribingJson(SCHEMA, data))


PLACES: list[tuple[Any, str]] = [
    (Foo(), "data"),
    ([Foo()], "data[0]"),
    ({"order": {"items": [1, 2, 3, {"when": Foo()}]}}, "data.order.items[3].when"),
    ({"a": 1, "b": (1, [Foo()])}, "data.b[1][0]"),
    ({"two words": {3: Foo()}}, 'data["two words"]["3"]'),
    ({"k" * 200: Foo()}, f'data["{"k" * 60}"...]'),
    ({"a": Pair(1, [2, Foo()])}, "data.a[1][1]"),
    ({"a": Listed([1, {"b": Foo()}])}, "data.a[1].b"),
    ({"a": OrderedDict(b=1, c=[Foo()])}, "data.a.c[0]"),
    ({"a": Entry("n", {"q": [Foo()]})}, "data.a.value.q[0]"),
    ({"a": Point(1, Foo())}, "data.a.y"),
    ({"a": types.MappingProxyType({"b": 1, "c": Foo()})}, "data.a.c"),
    ({"a": deque([1, Foo()])}, "data.a[1]"),
    ({"before": {1}, "a": [np.float32(1), Foo()]}, "data.a[1]"),
]


@pytest.mark.parametrize(("data", "place"), PLACES)
def test_an_object_without_a_rule(tracker, sink, data, place):
    with pytest.raises(TypeError) as raised:
        tracker.track(event(data))
    text = f"at {place}: Object of type Foo is not JSON serializable: give the tracker"
    assert str(raised.value).startswith(text)
    assert sink.events == []


def test_the_place_of_a_context_begins_with_its_number(tracker):
    contexts = [SelfDescribingJson(SCHEMA, {}), SelfDescribingJson(SCHEMA, {"a": [Foo()]})]
    with pytest.raises(TypeError, match=r"^at context\[1\]\.data\.a\[0\]: Object of type Foo"):
        tracker.track(PageView("https://a.b", context=contexts))


def test_the_place_in_a_screen_view_is_its_field(tracker):
    with pytest.raises(TypeError, match=r"^at data\.previousName: Object of type Foo"):
        tracker.track(ScreenView("id", "name", previous_name=Foo()))  # type: ignore[arg-type]


def test_a_key(tracker):
    with pytest.raises(TypeError, match=r"^at data\.a\[0\]: keys must be .* not tuple"):
        tracker.track(event({"a": [{"ok": 1, (1, 2): 3}]}))


def circle() -> Any:
    inner: dict[str, Any] = {"b": [1, {"c": None}]}
    inner["b"][1]["c"] = inner
    return {"before": [[], [1]], "a": inner}


def circle_through_an_object() -> Any:
    inner: dict[str, Any] = {"b": [1, Entry("n", None)]}
    inner["b"][1].value = inner
    return {"a": inner}


@pytest.mark.parametrize(
    ("make", "place"),
    [(circle, "data.a.b[1].c"), (circle_through_an_object, "data.a.b[1].value")],
)
def test_data_that_contains_itself(tracker, make, place):
    with pytest.raises(ValueError, match=r"^Circular reference detected") as raised:
        tracker.track(event(make()))
    assert str(raised.value).endswith(f"at {place}")


def test_data_that_is_nested_too_deep(tracker):
    deep: Any = 0
    for _ in range(300):
        deep = {"a": deep}
    with pytest.raises(ValueError, match=r"at data\.first\.a\.a.*\[\.\.\.\].*\.a$"):
        tracker.track(event({"other": [{}], "first": deep}))


HINTS: list[tuple[Any, str]] = [
    *((value, "base64") for value in (b"x", bytearray(b"x"), memoryview(b"x"), np.bytes_(b"x"))),
    (b"x", r"\.hex\(\)"),
    (Foo, "is a class"),
    (len, "call it"),
    ((number for number in [1]), "list of it"),
    (pd.DataFrame(), r"to_dict\("),
    (pd.Series([1]), r"to_list\("),
    (pd.array([1]), r"tolist\("),
    (SelfDescribingJson(SCHEMA, {}), r"to_json\("),
    (Foo(), "json_encoder"),
]


@pytest.mark.parametrize(("value", "hint"), HINTS)
def test_the_hint_depends_on_the_type(value, hint):
    with pytest.raises(TypeError, match=rf"is not JSON serializable: .*{hint}"):
        _native.dumps([value])


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")
def test_an_exception_of_the_encoder_has_the_place_as_its_note(tracker):
    error = TypeError("not this one")

    def refuse(_: object) -> None:
        raise error

    tracker.json_encoder = refuse
    for _ in range(2):
        with pytest.raises(TypeError) as raised:
            tracker.track(event({"a": [1, Foo()]}))
        assert raised.value is error
        assert str(error) == "not this one"
        assert error.__notes__ == ["at data.a[1]"]


def test_no_event_at_all_is_a_type_error(tracker):
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'event'"):
        tracker.track()
    with pytest.raises(AttributeError, match="build_payload"):
        tracker.track(None)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'event'"):
        type("Sub", (Tracker,), {})(tracker.emitters).track()
