"""Custom emitters: any object with `input`, and mocks of this package's emitters."""

from __future__ import annotations

import gc
import json
from typing import Any
from unittest import mock

import pytest
from tests.support import Inbox

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker

KINDS = [Emitter, AsyncEmitter]


def test_one_with_input_alone_gets_plain_dicts_with_types_as_given():
    inbox: Any = Inbox()
    tracker = Tracker("ns", inbox)
    event_id = tracker.track(StructuredEvent("shop", "add", value=2))
    [event] = inbox.events
    assert type(event) is dict
    assert (event["eid"], event["se_va"], event["tna"]) == (event_id, 2, "ns")
    assert isinstance(event["dtm"], int)
    assert "stm" not in event


def test_one_with_input_alone_is_flushed_and_closed_over(track):
    inbox: Any = Inbox()
    with Tracker("ns", inbox) as tracker:
        track(tracker, "a")
        assert tracker.flush().flush(is_async=True) is tracker
    assert len(inbox.events) == 1


def test_one_that_passes_on_what_it_likes(server, track):
    class Sampling(Inbox):
        def __init__(self, emitter: Emitter) -> None:
            super().__init__()
            self.emitter = emitter

        def input(self, payload: dict[str, Any]) -> None:
            if payload["se_la"] in "ac":
                self.emitter.input(payload)

        def sync_flush(self) -> None:
            self.emitter.sync_flush()

    sampling: Any = Sampling(Emitter(server.url))
    tracker = Tracker("ns", sampling)
    ids = track(tracker, *"abcd")
    tracker.flush()
    assert [event["eid"] for event in server.requests[0].events] == [ids[0], ids[2]]


def test_beside_one_of_ours_both_have_every_event(server, track):
    inbox: Any = Inbox()
    tracker = Tracker("ns", [inbox, Emitter(server.url, batch_size=2)])
    ids = track(tracker, "a", "b")
    assert [event["eid"] for event in inbox.events] == ids
    assert [event["eid"] for event in server.requests[0].events] == ids


@pytest.mark.parametrize("kind", KINDS)
def test_a_subclass_that_never_constructs_what_it_is_derived_from(track, kind):
    class ToLines(kind):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            self.lines: list[str] = []

        def input(self, payload):
            self.lines.append(json.dumps(payload))

        def flush(self):
            self.lines.append("flushed")

        def sync_flush(self):
            self.lines.append("flushed")

    emitter = ToLines()
    with Tracker("ns", emitter) as tracker:
        track(tracker, "a")
        tracker.flush()
    assert json.loads(emitter.lines[0])["se_la"] == "a"
    assert emitter.lines[1:] == ["flushed"]
    del tracker, emitter
    gc.collect()


def test_such_a_subclass_needs_no_sync_flush_of_its_own():
    class Counting(Emitter):
        def __init__(self) -> None:
            self.flushes = 0

        def flush(self):
            self.flushes += 1

    emitter = Counting()
    Tracker("ns", emitter).flush()
    assert emitter.flushes == 1


@pytest.mark.parametrize("kind", KINDS)
def test_doubles_of_ours(track, kind):
    for double in (
        mock.create_autospec(kind, instance=True),
        mock.create_autospec(kind)("127.0.0.1:9", method="get"),
        mock.MagicMock(spec=kind),
        mock.MagicMock(spec=kind("127.0.0.1:9")),
        mock.NonCallableMagicMock(wraps=kind("127.0.0.1:9")),
    ):
        tracker = Tracker("ns", double)
        [event_id] = track(tracker, "a")
        tracker.flush(is_async=True)
        [call] = double.input.call_args_list
        assert call.args[0]["eid"] == event_id
        assert double.flush.call_count == 1


def test_a_double_refuses_what_ours_has_not():
    double = mock.create_autospec(Emitter, instance=True)
    with pytest.raises(TypeError):
        double.input()
    with pytest.raises(AttributeError):
        double.no_such_method  # noqa: B018 - reading it is the test


def test_a_patched_class_makes_doubles(track):
    with mock.patch("snowplow_tracker.emitters.Emitter", autospec=True) as patched:
        from snowplow_tracker.emitters import Emitter as Patched  # noqa: PLC0415 - as patched

        emitter = Patched("collector.example", buffer_size=3)
        track(Tracker("ns", emitter), "a")
    patched.assert_called_once_with("collector.example", buffer_size=3)
    assert patched.return_value.input.call_count == 1


class RaisesOnce(Inbox):
    def input(self, payload: dict[str, Any]) -> None:
        super().input(payload)
        if len(self.events) == 1:
            raise ConnectionError("mine")


@pytest.mark.parametrize("first", [True, False])
def test_one_that_raises_costs_the_others_nothing_and_the_next_event_neither(track, first):
    raising, inbox = RaisesOnce(), Inbox()
    emitters: Any = [raising, inbox] if first else [inbox, raising]
    tracker = Tracker("ns", emitters)
    with pytest.raises(ConnectionError, match="mine"):
        track(tracker, "a")
    track(tracker, "b")
    assert [event["se_la"] for event in inbox.events] == ["a", "b"]
