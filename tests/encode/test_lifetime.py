"""Object lifetimes: cycles are collected, and finalizers may use what they can reach."""

from __future__ import annotations

import gc
import json
import weakref
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

import pytest

from snowplow_tracker import (
    Event,
    PagePing,
    PageView,
    ScreenView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Tracker,
    _native,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = "iglu:com.acme/thing/jsonschema/1-0-0"


class Page(PageView):
    """A subclass that adds nothing."""


MAKERS: dict[Any, Any] = {
    Event: Event,
    Page: lambda: Page("u"),
    PageView: lambda: PageView("u"),
    PagePing: lambda: PagePing("u"),
    StructuredEvent: lambda: StructuredEvent("c", "a"),
    SelfDescribing: lambda: SelfDescribing(SelfDescribingJson(SCHEMA, {})),
    ScreenView: lambda: ScreenView("i", "n"),
    SelfDescribingJson: lambda: SelfDescribingJson(SCHEMA, {}),
}


def through_data() -> Any:
    thing = SelfDescribingJson(SCHEMA, {})
    thing.data["self"] = thing
    return thing


def through_context() -> Any:
    event = PageView("u", context=[])
    event.context.append(Page("u"))  # type: ignore[union-attr]
    event.context[0].back = event  # type: ignore[index, union-attr]
    return event


def through_attribute(kind: Any) -> Any:
    thing = MAKERS[kind]()
    thing.self = thing
    return thing


def through_payload() -> Any:
    event = Event()
    event.payload.add("self", event)
    return event


def through_value() -> Any:
    holder: list[Any] = []
    event = StructuredEvent("c", "a", value=holder)  # type: ignore[arg-type]
    holder.append(event)
    return event


def through_properties() -> Any:
    event = ScreenView("i", "n")
    event.screen_view_properties["self"] = event
    return event


def through_the_encoder(tracker_class: Any = Tracker) -> Any:
    tracker = tracker_class("ns", [mock.Mock()])
    tracker.json_encoder = lambda _: tracker
    return tracker


def through_the_subject() -> Any:
    tracker = Tracker("ns", [mock.Mock()])
    tracker.subject.tracker = tracker  # type: ignore[union-attr]
    return tracker


def through_the_emitters() -> Any:
    emitter = mock.Mock()
    emitter.tracker = tracker = Tracker("ns", [emitter])
    return tracker


CYCLES = [
    *(through_data, through_context, through_payload, through_value, through_properties),
    *(through_the_encoder, through_the_subject, through_the_emitters, lambda: Page("u")),
    *((lambda kind=kind: through_attribute(kind)) for kind in MAKERS),
]


@pytest.mark.parametrize("make", CYCLES)
def test_is_collected_with_a_cycle_through_it(make):
    reference = weakref.ref(make())
    gc.collect()
    assert reference() is None


def test_stays_whole_while_it_is_referred_to():
    thing = through_data()
    gc.collect()
    assert thing.data["self"] is thing


class Nosy:
    """Looks, when it goes away, at the object that held it."""

    seen: ClassVar[list[Any]] = []

    def __init__(self, holder: Any, name: str) -> None:
        self.holder, self.name = holder, name

    def __del__(self) -> None:
        self.seen.append(getattr(self.holder, self.name))


HOLDERS = [(SelfDescribingJson, "data"), (PageView, "context"), (PageView, "event_subject")]
HOLDERS += [
    (PageView, "true_timestamp"),
    (StructuredEvent, "value"),
    (SelfDescribing, "event_json"),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("kind", "name"), HOLDERS)
def test_a_finaliser_may_look_at_the_object_that_lets_go(kind, name):
    Nosy.seen.clear()
    thing = MAKERS[kind]()
    setattr(thing, name, Nosy(thing, name))
    late = [1]
    setattr(thing, name, late)
    assert Nosy.seen == [late]


CHAINS: dict[str, Callable[[Any], Any]] = {
    "data": lambda inner: SelfDescribingJson(SCHEMA, inner),
    "data in a list": lambda inner: SelfDescribingJson(SCHEMA, [inner]),
    "event_json": SelfDescribing,
    "event_subject": lambda inner: PageView("u", event_subject=inner),
    "context": lambda inner: PageView("u", context=[inner]),
    "payload": lambda inner: Event({"e": inner}),
    "an attribute": lambda inner: vars(thing := PageView("u")).update(inner=inner) or thing,
    "a subclass": lambda inner: Page("u", event_subject=inner),
}


@pytest.mark.parametrize("link", CHAINS)
@pytest.mark.parametrize("end", ["last reference", "assignment", "collector"])
def test_a_chain_of_any_length_goes_away(link, end):
    gone: list[int] = []
    thing: Any = Last(gone)
    for _ in range(200_000 if link == "data" else 50_000):
        thing = CHAINS[link](thing)
    holder = SelfDescribingJson(SCHEMA, thing)
    if end == "collector":
        holder.data = [thing, holder]
        del holder
    elif end == "assignment":
        holder.data = None
    del thing
    if end == "collector":
        gc.collect()
    elif end == "last reference":
        del holder
    assert gone == [1]


class Last:
    """The end of a chain, which tells when it goes away."""

    def __init__(self, gone: list[int]) -> None:
        self.gone = gone

    def __del__(self) -> None:
        self.gone.append(1)


class Emptying:
    """Garbage that empties a dict as soon as the collector comes by."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data, self.me = data, self

    def __del__(self) -> None:
        self.data.clear()


PLAIN: list[Any] = [(), (1, 2), [(1,), ()], {"t": ("é", "😀")}, [], {}, 1.5, -(2**60), True, None]


@pytest.mark.parametrize("value", PLAIN)
def test_plain_data_is_written_before_a_finaliser_can_change_it(value):
    data = {"before": value, "after": [value, "kept"]}
    whole = json.loads(json.dumps(data))
    gc.disable()
    threshold = gc.get_threshold()
    try:
        Emptying(data)
        gc.set_threshold(1)
        gc.enable()
        written = _native.dumps(data)
    finally:
        gc.enable()
        gc.set_threshold(*threshold)
    gc.collect()
    assert (json.loads(written), data) == (whole, {})
