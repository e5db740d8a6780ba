"""Trackers: both orders of constructor parameters, and how events reach emitters."""

from __future__ import annotations

from typing import Any
from unittest import mock
from unittest.mock import MagicMock

import pytest
from tests.support import Inbox

from snowplow_tracker import (
    Emitter,
    Event,
    InMemoryEventStore,
    PageView,
    Payload,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
    logger,
)

URL = "http://127.0.0.1:9"


class Broken(Inbox):
    def input(self, payload: dict[str, Any]) -> None:
        payload.clear()
        raise LookupError("mine")


E: Any = Inbox()
S = Subject()
ORDERS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((E, S, "ns", "aid"), {}),
    (([E], S, "ns", "aid"), {}),
    (((E,), S, "ns", "aid"), {}),
    (("ns", E, S, "aid"), {}),
    (("ns", [E], S, "aid"), {}),
    (("ns", (E,), S, "aid"), {}),
    (("ns",), {"emitters": E, "subject": S, "app_id": "aid"}),
    ((E,), {"namespace": "ns", "subject": S, "app_id": "aid"}),
    ((), {"namespace": "ns", "emitters": [E], "subject": S, "app_id": "aid"}),
]


@pytest.mark.parametrize(("arguments", "named"), ORDERS)
def test_both_orders_of_parameters_make_the_same_tracker(arguments, named):
    tracker = Tracker(*arguments, **named)
    assert (tracker.emitters, tracker.subject, tracker.get_namespace()) == ([E], S, "ns")
    assert tracker.standard_nv_pairs["aid"] == "aid"


def test_only_the_emitter_is_required():
    tracker = Tracker(E)
    assert tracker.get_namespace() is None
    assert tracker.subject is not None
    assert tracker.subject.standard_nv_pairs == {"p": "pc"}
    assert tracker.encode_base64 is True
    assert Tracker(emitters=E).emitters == [E]
    assert Tracker(None, E).emitters == [E]  # type: ignore[call-overload]


def test_mocks_fill_either_place():
    emitter, subject = MagicMock(), MagicMock()
    tracker = Tracker(emitter, subject)
    assert (tracker.emitters, tracker.subject) == ([emitter], subject)


@pytest.mark.parametrize("arguments", [("ns",), (), ("ns", E, S, "aid", True, None, "one more")])
def test_too_few_or_too_many_arguments_are_a_type_error(arguments):
    with pytest.raises(TypeError):
        Tracker(*arguments)


@pytest.mark.parametrize("emitters", [[], (), None])
def test_no_emitter_at_all_is_a_value_error(emitters):
    with pytest.raises(ValueError, match="emitters"):
        Tracker("ns", emitters)
    with pytest.raises(ValueError, match="emitters"):
        Tracker(emitters)


def test_the_list_stays_the_callers_own_and_add_emitter_adds_to_it():
    first, second, third = Inbox(), Inbox(), Inbox()
    emitters: list[Any] = [first]
    tracker = Tracker("ns", emitters)
    assert tracker.emitters is emitters
    emitters.append(second)
    assert tracker.add_emitter(third) is tracker
    tracker.track(PageView("http://x"))
    assert [len(emitter.events) for emitter in (first, second, third)] == [1, 1, 1]


def test_an_exception_reaches_the_caller_after_the_others_had_the_event():
    inbox = Inbox()
    with pytest.raises(LookupError, match="mine"):
        Tracker("ns", [Broken(), inbox]).track(PageView("http://x"))
    [event] = inbox.events
    assert event["url"] == "http://x"


def test_an_exception_out_of_an_overridden_flush_comes_after_the_others_had_the_event():
    failures = [LookupError("mine")]

    class Failing(Emitter):
        def flush(self) -> None:
            while failures:
                raise failures.pop()

    other = Emitter(URL)
    with pytest.raises(LookupError, match="mine"):
        Tracker("ns", [Failing(URL, batch_size=1), other]).track(PageView("http://x"))
    assert other.event_store.size() == 1


def test_no_emitter_sees_what_another_does_to_an_event(server):
    class Marking(Inbox):
        def input(self, payload: dict[str, Any]) -> None:
            payload["stm"] = payload["tna"] = "marked"

    inbox = Inbox()
    emitters: list[Any] = [Marking(), Emitter(server.url, batch_size=1), inbox]
    Tracker("ns", emitters).track(PageView("http://x"))
    assert server.requests[0].events[0]["tna"] == "ns"
    assert (inbox.events[0]["tna"], "stm" in inbox.events[0]) == ("ns", False)


def test_several_emitters_send_the_same_event(server, track):
    emitters = [Emitter(server.url, batch_size=1), Emitter(server.url, method="get")]
    [event_id] = track(Tracker("ns", emitters), "a")
    assert server.requests[0].events[0]["eid"] == event_id
    assert f"eid={event_id}" in server.requests[1].target


def test_flush_calls_each_emitters_own_method_and_passes_over_one_without():
    emitter = MagicMock(spec=["input", "flush", "sync_flush"])
    tracker = Tracker("ns", [Inbox(), emitter])
    assert tracker.flush() is tracker
    assert tracker.flush(is_async=True) is tracker
    assert emitter.method_calls == [mock.call.sync_flush(), mock.call.flush()]


def test_emitters_and_events_may_be_mocks():
    emitter = MagicMock()
    tracker = Tracker("ns", emitter)
    event_id = tracker.track(PageView("http://x"))
    assert emitter.input.call_args.args[0]["eid"] == event_id
    event = MagicMock()
    tracker.track(event)
    event.build_payload.assert_called_once_with(
        encode_base64=True, json_encoder=None, subject=tracker.subject
    )
    assert emitter.input.call_count == 2


def test_a_payload_is_sent_as_it_is_and_the_tracker_returned():
    inbox = Inbox()
    tracker: Any = Tracker("ns", inbox)  # type checkers know the 1.x form alone
    assert tracker.track(Payload({"e": "pv", "n": 1})) is tracker
    assert inbox.events == [{"e": "pv", "n": 1}]


def test_an_overridden_complete_payload_is_called_with_the_event_by_name():
    class Completing(Tracker):
        def complete_payload(self, *, event: Any) -> Any:  # type: ignore[override]
            payload = super().complete_payload(event=event)
            payload.add("eid", "mine")
            return payload

    inbox: Any = Inbox()
    assert Completing("ns", inbox).track(PageView("http://x")) == "mine"
    assert inbox.events[0]["url"] == "http://x"


@pytest.mark.parametrize("owner", ["class", "instance"])
def test_a_patched_complete_payload_is_called_with_the_event_by_name(owner):
    inbox: Any = Inbox()
    tracker, event = Tracker("ns", inbox), PageView("http://x")
    target = Tracker if owner == "class" else tracker
    with mock.patch.object(target, "complete_payload") as patched:
        patched.return_value = Payload({"eid": "mine"})
        assert tracker.track(event) == "mine"
    patched.assert_called_once_with(event=event)
    assert tracker.track(event) != "mine"


def test_the_four_argument_form_completes_a_payload_and_tracks_it():
    inbox: Any = Inbox()
    tracker = Tracker(inbox, namespace="ns", encode_base64=False)
    payload = Payload({"e": "pv", "url": "http://x"})
    context = [SelfDescribingJson("iglu:com.acme/thing/jsonschema/1-0-0", {"id": 1})]
    subject = Subject().set_user_id("me")
    assert tracker.complete_payload(payload, context, 1_600_000_000_000, subject) is tracker
    [event] = inbox.events
    expected = {"e": "pv", "url": "http://x", "ttm": 1_600_000_000_000, "uid": "me", "tna": "ns"}
    assert expected.items() <= event.items()
    assert {"eid", "dtm", "tv", "co"} <= event.keys()


def test_an_event_that_builds_its_own_payload_goes_through_every_emitter(server):
    class Mine(Event):
        def build_payload(self, *_: Any, **__: Any) -> Any:
            return Payload({"e": "se", "se_la": "mine"})

    inbox: Any = Inbox()
    emitters: Any = [inbox, Emitter(server.url, batch_size=1)]
    event_id = Tracker("ns", emitters).track(Mine())
    assert inbox.events[0]["eid"] == server.requests[0].events[0]["eid"] == event_id
    assert server.labels() == ["mine"]


def test_two_trackers_share_an_emitter_and_a_store(server):
    store = InMemoryEventStore(logger)
    emitter = Emitter(server.url, batch_size=2, event_store=store)
    for namespace in ("one", "two"):
        Tracker(namespace, emitter).track(StructuredEvent("c", "a"))
    assert [event["tna"] for event in server.requests[0].events] == ["one", "two"]
