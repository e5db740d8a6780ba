"""The page on architecture names the path that an event really takes, and every file."""

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
    from pathlib import Path

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PATHS = dict(re.findall(r"^\| ([^|]+) \| (record|dict|payload) \|$", PAGE, re.MULTILINE))
URL = "https://www.example.com/"
PACKAGE = ROOT / "python" / "snowplow_tracker"
SOURCES = [(PACKAGE, ".py"), (ROOT / "src", ".rs")]
NAMED = r"`([\w/.]+(?:\.rs|\.pyi?|/))`"


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


def static_additions(_: Any) -> tuple[Tracker, Any]:
    tracker = Tracker("ns", emitter(), use_scope=True)
    static = SelfDescribingJson("iglu:com.example/a/jsonschema/1-0-0", {})
    return tracker.add_global_contexts([static]), PageView(URL)


def hooks(_: Any) -> tuple[Tracker, Any]:
    return Tracker("ns", emitter(), before_send=lambda view: view), PageView(URL)


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
    "one of several emitters is a custom one with `input(dict)`": custom_emitter,
    "a subclass of an emitter overrides `input` or `reached_limit`": overridden_input,
    "`input` is replaced on the emitter instance": replaced_input,
    'the emitter\'s method is "get"': by_get,
    "the emitter has a `byte_limit`": byte_limit,
    "the store is a custom one or a subclass": own_store,
    "the store's `event_buffer` was read": event_buffer_read,
    "the event is a bare `Event`": bare_event,
    "the event's `payload` was read": payload_read,
    "the subject or tracker has a field that is not in the protocol": unknown_field,
    "`build_payload` of the event is overridden or patched": build_payload,
    "the tracker has global contexts without functions and conditions, or reads scopes": (
        static_additions
    ),
    "the tracker has hooks: plugins, `before_send`, other global contexts": hooks,
    "`complete_payload` of the tracker is overridden or patched": complete_payload,
    "the event is another object with `build_payload`": any_object,
}


def path_of(tracker: Tracker, event: Any) -> str:
    """Return the path that an event takes, by the Python functions that are called for it."""
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
def test_an_event_takes_the_path_that_the_page_names(what, tmp_path):
    tracker, event = CASES[what](tmp_path)
    try:
        assert path_of(tracker, event) == PATHS[what]
    finally:
        tracker.close(0)


def test_the_page_has_no_other_cases():
    assert PATHS.keys() == CASES.keys()


def section(heading: str) -> str:
    return re.split(r"^##+ ", PAGE.partition(f"{heading}\n")[2], flags=re.MULTILINE)[0]


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def folders() -> Iterator[str]:
    for top, suffix in SOURCES:
        places = {path.parent for path in top.rglob(f"*{suffix}")}
        yield from (f"{place.relative_to(ROOT).as_posix()}/" for place in places)


def files(top: Path, *suffixes: str) -> list[str]:
    found = [path for suffix in suffixes for path in top.rglob(f"*{suffix}")]
    return sorted(path.relative_to(top).as_posix() for path in found if path.is_file())


def test_every_folder_has_one_line():
    assert sorted(first_cells(section("## Folders"))) == sorted(folders())


def listed() -> dict[str, list[str]]:
    """Return the files of the page by heading."""
    text = PAGE.partition("## Files\n")[2].partition("\n## ")[0]
    return {
        part.partition("\n")[0]: first_cells(part)
        for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    }


def test_every_file_has_one_line():
    by_heading = listed()
    assert sorted(by_heading.pop("`src/`")) == files(ROOT / "src", ".rs")
    in_folders = {name for name in files(PACKAGE, "__init__.py") if "/" in name}
    python = [name for name in files(PACKAGE, ".py", ".pyi") if name not in in_folders]
    assert sorted(name for names in by_heading.values() for name in names) == sorted(python)


def test_every_file_stands_below_its_folder():
    by_heading = listed()
    assert not any("/" in name for name in by_heading.pop("`python/snowplow_tracker/`"))
    del by_heading["`src/`"]
    for heading, names in by_heading.items():
        assert {f"{name.partition('/')[0]}/" for name in names} == {
            *re.findall(r"`(\w+/)`", heading)
        }


@pytest.mark.parametrize("name", sorted(set(re.findall(NAMED, PAGE))))
def test_what_the_page_names_exists(name):
    places = [ROOT, ROOT / "src", ROOT / "src" / "events", PACKAGE]
    assert any((place / name).exists() for place in places)
