"""The page on architecture tells the way that an event really takes, and names every file."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.docs.named_tests import ROOT

from snowplow_tracker import (
    Emitter,
    Event,
    InMemoryEventStore,
    PageView,
    Payload,
    SelfDescribing,
    SelfDescribingJson,
    SQLiteEventStore,
    Subject,
    Tracker,
)
from snowplow_tracker.emitters import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WAYS = dict(re.findall(r"^\| ([^|]+) \| (record|dict|payload) \|$", PAGE, re.MULTILINE))
URL = "https://www.example.com/"
PACKAGE = ROOT / "python" / "snowplow_tracker"


def emitter(kind: type[Emitter] = Emitter, **settings: Any) -> Emitter:
    settings = {"batch_size": 100, "exit_timeout": 0.0, **settings}
    return kind("http://127.0.0.1:9", **settings)


def with_emitter(*emitters: Any) -> tuple[Tracker, Any]:
    return Tracker("ns", list(emitters)), PageView(URL)


def with_event(event: Any) -> tuple[Tracker, Any]:
    return Tracker("ns", emitter()), event


class Recorder:
    def input(self, payload: Any) -> None:
        """Keep nothing."""


class OwnInput(Emitter):
    def input(self, payload: Any) -> None:
        super().input(payload)


class OwnStore(InMemoryEventStore):
    """One of the program's own."""


class OwnEvent(PageView):
    def build_payload(self, *args: Any, **kwargs: Any) -> Payload:
        return super().build_payload(*args, **kwargs)


class OwnTracker(Tracker):
    def complete_payload(self, *args: Any, **kwargs: Any) -> Any:
        return super().complete_payload(*args, **kwargs)


class AnyObject:
    def build_payload(self, **_: Any) -> Payload:
        return Payload({"e": "pv"})


class OwnAttributes(PageView):
    @property
    def page_title(self) -> str:
        return "own"

    @page_title.setter
    def page_title(self, value: str | None) -> None:
        self.given_title = value


def nothing(_: Any) -> tuple[Tracker, Any]:
    return with_emitter(emitter())


def on_disk(folder: Any) -> tuple[Tracker, Any]:
    return with_emitter(emitter(event_store=SQLiteEventStore(folder / "events.db")))


def own_attributes(_: Any) -> tuple[Tracker, Any]:
    return with_event(OwnAttributes(URL))


def json_encoder(_: Any) -> tuple[Tracker, Any]:
    event = SelfDescribing(SelfDescribingJson("iglu:com.example/a/jsonschema/1-0-0", {"a": 1j}))
    return Tracker("ns", emitter(), json_encoder=lambda number: [number.real, number.imag]), event


def custom_emitter(_: Any) -> tuple[Tracker, Any]:
    return with_emitter(emitter(), Recorder())


def overridden_input(_: Any) -> tuple[Tracker, Any]:
    return with_emitter(emitter(OwnInput))


def replaced_input(_: Any) -> tuple[Tracker, Any]:
    own = emitter()
    own.input = own.input  # type: ignore[method-assign]
    return with_emitter(own)


def by_get(_: Any) -> tuple[Tracker, Any]:
    return with_emitter(emitter(method="get"))


def byte_limit(_: Any) -> tuple[Tracker, Any]:
    return with_emitter(emitter(byte_limit=10_000))


def own_store(_: Any) -> tuple[Tracker, Any]:
    return with_emitter(emitter(event_store=OwnStore(logger)))


def event_buffer_read(_: Any) -> tuple[Tracker, Any]:
    own = emitter()
    tracker, event = with_emitter(own)
    assert own.buffer == []
    tracker.track(event)  # which finds out
    return tracker, event


def bare_event(_: Any) -> tuple[Tracker, Any]:
    return with_event(Event({"e": "pv", "url": URL}))


def payload_read(_: Any) -> tuple[Tracker, Any]:
    event = PageView(URL)
    assert event.payload.get()
    return with_event(event)


def unknown_field(_: Any) -> tuple[Tracker, Any]:
    subject = Subject()
    subject.standard_nv_pairs["own"] = "1"
    return Tracker("ns", emitter(), subject), PageView(URL)


def build_payload(_: Any) -> tuple[Tracker, Any]:
    return with_event(OwnEvent(URL))


def complete_payload(_: Any) -> tuple[Tracker, Any]:
    return OwnTracker("ns", emitter()), PageView(URL)


def any_object(_: Any) -> tuple[Tracker, Any]:
    return with_event(AnyObject())


CASES: dict[str, Callable[[Any], tuple[Tracker, Any]]] = {
    "nothing": nothing,
    "the store is an `SQLiteEventStore`": on_disk,
    "a subclass of an event adds attributes or properties": own_attributes,
    "`json_encoder` is set": json_encoder,
    "one emitter of several is a custom one with `input(dict)`": custom_emitter,
    "a subclass of an emitter overrides `input` or `reached_limit`": overridden_input,
    "`input` is replaced on the emitter itself": replaced_input,
    'the emitter\'s method is "get"': by_get,
    "the emitter has a `byte_limit`": byte_limit,
    "the store is the program's own, or a subclass": own_store,
    "the store's `event_buffer` was read": event_buffer_read,
    "the event is a bare `Event`": bare_event,
    "the event's `payload` was read": payload_read,
    "subject or tracker carry a field that is none of the protocol's": unknown_field,
    "`build_payload` of the event is overridden or replaced": build_payload,
    "`complete_payload` of the tracker is overridden or replaced": complete_payload,
    "the event is any other object with `build_payload`": any_object,
}


def way_of(tracker: Tracker, event: Any) -> str:
    """Return the way that an event takes, by the Python functions that are called for it."""
    called: list[str] = []
    sys.setprofile(lambda frame, *_: called.append(frame.f_code.co_name))
    try:
        tracker.track(event)
    finally:
        sys.setprofile(None)
    if "complete_payload" in called:
        return "payload"
    return "dict" if "input" in called else "record"


@pytest.mark.parametrize("what", CASES)
def test_an_event_takes_the_way_that_the_page_tells(what, tmp_path):
    tracker, event = CASES[what](tmp_path)
    try:
        assert way_of(tracker, event) == WAYS[what]
    finally:
        tracker.close(0)


def test_the_page_has_no_other_cases():
    assert WAYS.keys() == CASES.keys()


def named() -> list[str]:
    return re.findall(r"`((?:src/)?[\w/]+(?:\.rs|\.pyi?|/))`", PAGE)


def sources() -> Iterator[str]:
    for folder, suffix in [(ROOT / "src", ".rs"), (PACKAGE, ".py")]:
        for path in folder.iterdir():
            if path.suffix == suffix or (path.is_dir() and any(path.glob(f"*{suffix}"))):
                yield f"{path.name}/" if path.is_dir() else path.name


def test_every_source_is_on_the_page():
    names = {name.removeprefix("src/") for name in named()}
    assert set(sources()) - names - {"__init__.py"} == set()


def test_every_file_on_the_page_exists():
    places = [ROOT, ROOT / "src", ROOT / "src" / "events", ROOT / "src" / "json"]
    places += [ROOT / "src" / "payload", PACKAGE]
    missing = [name for name in named() if not any((place / name).exists() for place in places)]
    assert missing == []
