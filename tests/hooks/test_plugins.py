"""Plugins and `before_send`: hooks that see, change and drop events."""

from __future__ import annotations

import copy
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from decimal import Decimal
from typing import Any

import pytest
from tests.hooks.conftest import OwnTracker, Sink, entity

from snowplow_tracker import (
    EventView,
    PageView,
    Payload,
    SelfDescribing,
    Snowplow,
    StructuredEvent,
    Subject,
    Tracker,
    TrackerConfiguration,
)
from snowplow_tracker._hooks.event_state import EventState

PAGE = PageView("https://shop.example")


class Plugin:
    """Has the hooks that it is given, and notes their calls."""

    def __init__(self, calls: list[str] | None = None, name: str = "", **hooks: Any) -> None:
        self.calls = [] if calls is None else calls
        for hook, function in hooks.items():
            setattr(self, hook, self._noting(f"{name}{hook}", function))

    def _noting(self, name: str, function: Any) -> Any:
        def call(argument: Any) -> Any:
            self.calls.append(name)
            return function(argument)

        return call


def nothing(_: Any) -> None: ...


def fail(_: Any) -> Any:
    raise RuntimeError("out of order")


def view_of(fields: dict[str, Any]) -> EventView:
    return EventView(EventState(fields), None)


def make(sink: Sink, kind: type[Tracker] = Tracker, **options: Any) -> Any:
    return kind("ns", sink.emitter, **options)


def test_the_order_of_all_hooks(sink):
    calls: list[str] = []

    def before_send(view: EventView) -> EventView:
        calls.append("before_send " + " ".join(e.data["n"] for e in view.payload["entities"]))
        return view

    tracker = make(sink, before_send=before_send)
    tracker.add_global_contexts([(lambda _: True, entity("e", n="conditional"))])
    tracker.add_global_contexts([entity("e", n="global")])
    for name in ("1 ", "2 "):
        hooks: dict[str, Any] = dict.fromkeys(("activate", "before_track", "after_track"), nothing)
        hooks |= {
            "filter": lambda _: True,
            "contexts": lambda _, n=name: [entity("e", n=n.strip())],
        }
        tracker.add_plugin(Plugin(calls, name, **hooks))
    calls.clear()
    tracker.track(PageView("https://shop.example", context=[entity("e", n="own")]))
    assert calls == [
        *("1 filter", "2 filter", "1 before_track", "2 before_track", "1 contexts", "2 contexts"),
        *("before_send own 1 2 global conditional", "1 after_track", "2 after_track"),
    ]
    assert [each["data"]["n"] for each in sink.last()["entities"]] == [
        *("own", "1", "2", "global", "conditional")
    ]


def test_a_filter_drops_and_counts(tracker, sink):
    calls: list[str] = []
    tracker.add_plugin(Plugin(calls, filter=lambda view: view.type != "se", after_track=nothing))
    assert tracker.track(StructuredEvent("shop", "add")) is None
    assert tracker.track(PAGE) == sink.last()["eid"]
    assert len(sink.events) == 1
    assert tracker.stats() == {"paused": 0, "filtered": 1, "failed": 0}
    assert calls == ["filter", "filter", "after_track"]


def test_a_filter_that_raises_sends(tracker, sink, caplog):
    tracker.add_plugin(Plugin(filter=fail, before_track=fail, contexts=fail, after_track=fail))
    for _ in range(3):
        assert tracker.track(PAGE)
    assert len(sink.events) == 3
    assert tracker.stats()["filtered"] == 0
    logged = [record.getMessage().split(":")[0] for record in caplog.records]
    assert sorted(logged) == [
        "A hook raised an exception, it is left out",
        "A hook raised an exception, its entities are left out",
        "A hook raised an exception, the event is tracked",
        "A hook raised an exception, the event was tracked",
    ]


@pytest.mark.parametrize("before_send", [fail, lambda _: True, lambda view: view.payload])
@pytest.mark.parametrize("kind", [Tracker, OwnTracker])
def test_a_before_send_that_fails_drops(sink, caplog, before_send, kind):
    tracker = make(sink, kind, before_send=before_send)
    assert tracker.track(PAGE) is None
    assert tracker.track(Payload({"e": "ad"})) is tracker
    assert sink.events == []
    assert tracker.stats() == {"paused": 0, "filtered": 0, "failed": 2}
    assert len(caplog.records) == 1
    assert "THE EVENT IS DROPPED" in caplog.text


def test_a_before_send_that_makes_an_event_unencodable_drops(sink, caplog):
    def spoil(view: EventView) -> EventView:
        view.payload["data"].data["secret"] = object()
        return view

    tracker = make(sink, before_send=spoil)
    assert tracker.track(SelfDescribing(entity("event"))) is None
    assert (sink.events, tracker.stats()["failed"]) == ([], 1)
    assert "IS DROPPED" in caplog.text


def test_before_send_returns_none_to_drop(sink):
    tracker = make(sink, before_send=nothing)
    assert tracker.track(PAGE) is None
    assert (sink.events, tracker.stats()["filtered"]) == ([], 1)


@pytest.mark.parametrize("kind", [Tracker, OwnTracker])
@pytest.mark.parametrize("encode_base64", [True, False])
def test_before_send_redacts_a_copy(sink, kind, encode_base64):
    def redact(view: EventView) -> EventView:
        view.payload["url"] = view.payload["url"].split("?")[0]
        view.payload.pop("uid")
        for each in view.payload["entities"]:
            each.data["email"] = None
        return view

    subject = Subject().set_user_id("user")
    shared, own = entity("global", email="a"), entity("own", email="b", kept=1)
    tracker = make(sink, kind, subject=subject, before_send=redact, encode_base64=encode_base64)
    tracker.add_global_contexts([shared, lambda _: shared])
    event = PageView("https://shop.example?secret=1", context=[own])
    tracker.track(event)
    assert sink.last()["url"] == "https://shop.example"
    assert "uid" not in sink.last()
    assert [each["data"]["email"] for each in sink.last()["entities"]] == [None, None]
    assert ("cx" in sink.inbox.events[0]) is encode_base64
    assert (own.data["email"], shared.data["email"]) == ("b", "a")
    assert event.page_url.endswith("secret=1")


def test_data_is_what_the_encoder_made_of_it(sink):
    """Hooks see dicts, lists, text and numbers, each digit of which is sent again."""
    seen: list[Any] = []

    def look(view: EventView) -> EventView:
        seen.append(view.payload["data"].data)
        return view

    price, number = Decimal("0.1234567890123456789"), 12345678901234567890123
    event = SelfDescribing(entity("e", price=price, number=number, f=1e300, s={1}, text="é\ud800"))
    make(sink, before_send=look, json_encoder=sorted).track(event)
    plain = Sink("record")
    make(plain, json_encoder=sorted).track(event)
    assert seen[0] == {"price": price, "number": number, "f": 1e300, "s": [1], "text": "é\ufffd"}
    assert sink.last()["data"] == plain.last()["data"]


def test_a_hook_may_replace_data_and_entities(tracker, sink):
    def replace(view: EventView) -> None:
        assert view.schema.endswith("/event/jsonschema/1-0-0")
        view.payload["data"] = entity("other", n=1)
        view.payload["entities"] = [entity("new")]
        assert view.schema.endswith("/other/jsonschema/1-0-0")

    tracker.add_plugin(Plugin(before_track=replace))
    tracker.add_global_contexts([entity("global")])
    tracker.track(SelfDescribing(entity("event"), context=[entity("own")]))
    assert sink.last()["data"] == entity("other", n=1).to_json()
    assert sink.entities() == ["new", "global"]


def test_the_view_has_the_subject(tracker):
    seen: list[Any] = []
    tracker.add_plugin(Plugin(before_track=lambda view: seen.append(view.subject)))
    own = Subject()
    tracker.track(PageView("https://shop.example", event_subject=own))
    tracker.track(PAGE)
    assert seen == [own, tracker.subject]


def test_activate_and_deactivate(tracker, sink, caplog):
    seen: list[Any] = []
    plugin = Plugin(activate=seen.append, deactivate=seen.append)
    tracker.add_plugin(plugin)
    assert seen == [tracker]
    tracker.track(PAGE)
    tracker.remove_plugin(plugin)
    tracker.remove_plugin(plugin)
    assert seen == [tracker, tracker]
    tracker.add_plugin(Plugin(activate=fail, contexts=lambda _: [entity("a")])).track(PAGE)
    assert sink.entities() == ["a"]
    assert "the plugin was added" in caplog.text


@pytest.mark.parametrize("plugin", [object(), None, Plugin(), 17])
def test_an_object_without_hooks_is_a_value_error(tracker, plugin):
    with pytest.raises(ValueError, match="a plugin must have one of activate"):
        tracker.add_plugin(plugin)


def test_hooks_that_cannot_be_called_are_value_errors(sink):
    async def later(_: Any) -> Any: ...

    for hook in (17, later):
        with pytest.raises(ValueError, match="before_send must"):
            make(sink, before_send=hook)
    with pytest.raises(ValueError, match="filter of a plugin"):
        make(sink).add_plugin(type("Wrong", (), {"filter": 17})())


def test_configurations_take_before_send(sink):
    config = TrackerConfiguration(before_send=nothing)
    try:
        tracker = Snowplow.create_tracker("hooks", "127.0.0.1:9", tracker_config=config)
        tracker.emitters = [sink.emitter]
        assert tracker.track(PAGE) is None
    finally:
        Snowplow.reset()


def test_an_event_tracked_inside_a_hook_runs_no_hooks(tracker, sink):
    calls: list[str] = []

    def track(view: EventView) -> bool:
        return bool(tracker.track(PageView(f"https://{view.type}.example")))

    tracker.add_plugin(Plugin(calls, filter=track, after_track=lambda _: track(view_of({}))))
    tracker.add_global_contexts([entity("a")])
    tracker.track(StructuredEvent("shop", "add"))
    assert calls == ["filter", "after_track"]
    assert [event.get("url") for event in sink.events] == [
        *("https://se.example", None, "https://None.example")
    ]
    assert all("entities" in event for event in sink.events)


def test_hooks_of_another_thread_run_meanwhile():
    """Also in a thread that inherits the context of the hook, and outlives it."""
    sink = Sink("dict")
    tracker = make(sink)
    with ThreadPoolExecutor(1) as pool:
        calls: list[str] = []
        context = []

        def track_elsewhere(view: EventView) -> None:
            if view.type == "se":
                context.append(copy_context())
                pool.submit(context[0].run, tracker.track, PAGE).result(30)

        tracker.add_plugin(Plugin(calls, before_track=track_elsewhere))
        tracker.track(StructuredEvent("shop", "add"))
        assert calls == ["before_track"] * 2
        context[0].run(tracker.track, PAGE)
        assert calls == ["before_track"] * 3


def test_no_lock_is_held_inside_a_hook():
    """Two threads wait for each other inside hooks of one tracker."""
    barrier = threading.Barrier(2)
    sink = Sink("record")
    tracker = make(sink).add_plugin(Plugin(before_track=lambda _: barrier.wait(30)))
    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(tracker.track, [PAGE, PAGE]))


def test_a_paused_tracker_calls_no_hook(tracker):
    calls: list[str] = []
    tracker.add_plugin(Plugin(calls, before_track=nothing)).pause().track(PAGE)
    assert calls == []


def test_an_exception_of_encoding_reaches_the_caller(tracker, sink):
    tracker.add_plugin(Plugin(before_track=nothing))
    with pytest.raises(TypeError, match="not JSON serializable"):
        tracker.track(SelfDescribing(entity("event", value=object())))
    assert sink.events == []


def test_a_system_exit_of_a_hook_reaches_the_caller(sink):
    def leave(_: Any) -> Any:
        raise SystemExit(3)

    tracker = make(sink, before_send=leave)
    for _ in range(2):
        with pytest.raises(SystemExit):
            tracker.track(PAGE)
    assert sink.events == []


def test_after_track_gets_a_copy(tracker, sink):
    tracker.add_plugin(Plugin(after_track=lambda payload: payload.clear()))
    tracker.track(PAGE)
    assert sink.last()["url"] == "https://shop.example"


def test_a_payload_passes_the_hooks(tracker, sink):
    def change(view: EventView) -> None:
        view.payload["entities"].append(entity("added"))
        view.payload["se_la"] = "changed"

    tracker.add_plugin(Plugin(before_track=change))
    payload = Payload({"e": "se", "cx": "bm8ganNvbg=="})
    before = copy.deepcopy(payload.get())
    with pytest.raises(KeyError):
        change(view_of(dict(before)))
    assert tracker.track(Payload({"e": "se"})) is tracker
    assert (sink.last()["se_la"], sink.entities()) == ("changed", ["added"])
    tracker.track(payload)
    assert sink.inbox.events[-1]["cx"] == "bm8ganNvbg=="
    assert payload.get() == before


def test_an_event_is_the_same_through_hooks_that_change_nothing(monkeypatch):
    """Whatever a hook reads, the record is the one that is sent without hooks."""
    monkeypatch.setattr("snowplow_tracker.tracker.time.time", lambda: 1_700_000_000.0)
    identified: dict[str, Any] = {"event_id": "0f5e8c2a-91d4-4b7e-a3c6-5d2f1b7a9e04"}
    events = [
        PageView("https://shop.example", "é", **identified),
        PageView("https://shop.example", context=[entity("own", n=1.0)], **identified),
        SelfDescribing(
            entity("event", n=[1, None, "\ud83d\ude00"]), true_timestamp=5, **identified
        ),
        StructuredEvent("shop", "add", value=1.5, context=[entity("a"), entity("b")], **identified),
    ]
    sent = []
    for read in (None, nothing, lambda view: view.schema, lambda view: view.payload):
        sink = Sink("record")
        tracker = make(sink)
        if read is not None:
            tracker.add_plugin(Plugin(before_track=read))
        for event in events:
            tracker.track(event)
        sent.append([json.dumps(event, sort_keys=True) for event in sink.inbox.events])
    assert sent[1:] == [sent[0]] * 3
