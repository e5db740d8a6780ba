"""Depth and cycles: an error beyond 255 levels, and never a crash, even on a small stack."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from snowplow_tracker import PageView, SelfDescribing, SelfDescribingJson, _native

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"
LIMIT = 255


class One(NamedTuple):
    inner: Any


class Listed(list[Any]):
    pass


class Unknown:
    def __init__(self, inner: Any) -> None:
        self.inner = inner


WRAPPERS: dict[str, Any] = {
    "dict": lambda inner: {"a": inner},
    "list": lambda inner: [inner],
    "tuple": lambda inner: (inner,),
    "namedtuple": One,
    "OrderedDict": lambda inner: OrderedDict(a=inner),
    "list subclass": lambda inner: Listed([inner]),
    "unknown": Unknown,
}


class Derived(SelfDescribingJson):
    """One of a user's own that changes nothing."""


def nested(levels: int, wrap: Any, core: Any = 0) -> Any:
    for _ in range(levels):
        core = wrap(core)
    return core


def encode(unknown: Unknown) -> Any:
    return unknown.inner


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
class TestLimit:
    def test_255_levels_are_written(self, wrap):
        text = _native.dumps(nested(LIMIT, wrap), encode).decode()
        if wrap is not Unknown:
            assert json.loads(text) == json.loads(json.dumps(nested(LIMIT, wrap)))

    @pytest.mark.parametrize("levels", [LIMIT + 1, 5000])
    def test_more_levels_are_an_error(self, wrap, levels):
        with pytest.raises(ValueError, match="nested deeper than 255"):
            _native.dumps(nested(levels, wrap), encode)

    def test_empty_containers_count_as_a_level(self, wrap):
        empties: tuple[Any, ...] = ([], {}, ())
        for empty in empties:
            with pytest.raises(ValueError, match="nested deeper than 255"):
                _native.dumps(nested(LIMIT, wrap, empty), encode)


@pytest.mark.parametrize("kind", [SelfDescribingJson, Derived])
@pytest.mark.parametrize("place", ["data", "context"])
class TestLimitThroughTrack:
    def event(self, kind: Any, place: str, levels: int) -> Any:
        thing = kind(SCHEMA, nested(levels, lambda inner: {"a": inner}))
        return SelfDescribing(thing) if place == "data" else PageView("u", context=[thing])

    def test_data_of_255_levels_is_tracked(self, tracker, sink, kind, place):
        tracker.track(self.event(kind, place, LIMIT))
        assert len(sink.events) == 1

    def test_data_of_more_levels_is_an_error(self, tracker, sink, kind, place):
        with pytest.raises(ValueError, match="nested deeper than 255"):
            tracker.track(self.event(kind, place, LIMIT + 1))
        assert sink.events == []


def circular_dict() -> Any:
    value: dict[str, Any] = {"a": 1}
    value["self"] = [value]
    return value


def circular_list() -> Any:
    value: list[Any] = [1]
    value += [value, value]
    return value


def circular_tuple() -> Any:
    inner: list[Any] = []
    inner.append((inner,))
    return tuple(inner)


def circular_ordered() -> Any:
    value: OrderedDict[str, Any] = OrderedDict()
    value["self"] = One(value)
    return value


def circular_through_the_encoder() -> Any:
    unknown = Unknown(None)
    unknown.inner = [{"again": unknown}]
    return unknown


CIRCULAR = [
    *(circular_dict, circular_list, circular_tuple),
    *(circular_ordered, circular_through_the_encoder),
]


@pytest.mark.parametrize("make", CIRCULAR)
def test_circular_data_is_an_error(tracker, sink, make):
    tracker.json_encoder = encode
    with pytest.raises(ValueError, match=r"^Circular"):
        tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, {"v": make()})))
    tracker.track(PageView("https://a.b"))
    assert [sent["e"] for sent in sink.events] == ["pv"]


def test_siblings_that_are_the_same_object_are_no_circle():
    shared: list[Any] = [[]]
    assert _native.dumps({"a": shared, "b": [shared, shared]}) == b'{"a":[[]],"b":[[[]],[[]]]}'


SHAPES = ["dict", "list", "tuple", "namedtuple", "OrderedDict", "encoder"]
SHAPES += ["dict-subclass", "list-subclass", "dataclass", "mixed"]
LARGE_CIRCLE = """
import resource
from snowplow_tracker import _native

value = {"blob": "x" * 2_000_000}
value["self"] = value
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    _native.dumps(value)
except ValueError as error:
    assert "Circular" in str(error), error
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert after < 4 * before, f"{before} grew to {after} for a circle of 2 MB"
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_deepest_data_fits_a_stack_of_128_kib(shape):
    done = run(str(Path(__file__).with_name("small_stack_program.py")), shape)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"


def test_a_circle_is_noticed_before_it_takes_much_memory():
    pytest.importorskip("resource", reason="only POSIX tells the peak")
    done = run("-c", LARGE_CIRCLE)
    assert done.returncode == 0, done.stderr
