"""Event stores in use: a custom one, the one in memory, and one that is full."""

from __future__ import annotations

import logging
from typing import Any
from unittest import mock

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, InMemoryEventStore, Tracker

URL = "http://127.0.0.1:9"
FAR = 1000


class ListStore:
    """Gives out at most `part` events at a time."""

    def __init__(self, part: int = 1000) -> None:
        self.part = part
        self.events: list[dict[str, Any]] = []
        self.settled: list[tuple[int, bool]] = []

    def add_event(self, payload):
        self.events.append(payload)
        return True

    def get_events_batch(self):
        batch, self.events = self.events[: self.part], self.events[self.part :]
        return batch

    def cleanup(self, batch, need_retry):
        self.settled.append((len(batch), need_retry))
        if need_retry:
            self.events[:0] = batch

    def size(self):
        return len(self.events)


class SizedStore(ListStore):
    """Empty, it is false."""

    def __len__(self):
        return len(self.events)


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
@pytest.mark.parametrize("store", [ListStore, SizedStore])
def test_events_go_through_a_store_of_the_programs_own(server, track, kind, store):
    mine = store()
    emitter = kind(server.url, batch_size=5, event_store=mine)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(2))
    assert [event["se_la"] for event in mine.events] == ["0", "1"]
    tracker.flush()
    assert server.labels() == ["0", "1"]
    assert mine.settled == [(2, False)]


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize(("status", "need_retry"), [(200, False), (400, False), (503, True)])
def test_a_store_is_told_what_became_of_a_batch(server, track, method, status, need_retry):
    server.otherwise = status
    store = ListStore()
    emitter = Emitter(
        server.url, method=method, batch_size=2, event_store=store, max_retry_delay_seconds=FAR
    )
    track(Tracker("ns", emitter), "a", "b")
    assert store.settled == [(2, need_retry)]


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_a_flush_empties_a_store_that_gives_out_parts(server, track, kind):
    tracker = Tracker("ns", kind(server.url, event_store=ListStore(part=2)))
    track(tracker, *range(5))
    tracker.flush()
    assert server.labels() == [str(n) for n in range(5)]


def test_a_store_that_refuses_has_its_event_counted(track):
    store = ListStore()
    emitter = Emitter(URL, event_store=store)
    with mock.patch.object(store, "add_event", return_value=False):
        assert all(track(Tracker("ns", emitter), "a"))
    assert emitter.stats()["dropped"] == 1


def test_the_buffer_may_be_read_cleared_appended_to_and_assigned(server, track):
    emitter = Emitter(server.url)
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b")
    assert [event["se_la"] for event in emitter.buffer] == ["a", "b"]
    emitter.buffer.clear()
    track(tracker, "c")
    emitter.buffer.append({"e": "se", "se_la": "d"})
    emitter.flush()
    emitter.buffer = [{"e": "se", "se_la": 5}]
    track(tracker, "f")
    tracker.flush()
    assert server.labels() == ["c", "d", "5", "f"]


def test_looking_at_the_buffer_during_a_request_loses_nothing(server, track):
    class Looking(Emitter):
        def http_post(self, data):
            self.seen = list(self.buffer)
            return super().http_post(data)

    server.script.append(503)
    emitter = Looking(server.url, batch_size=3, max_retry_delay_seconds=FAR)
    track(Tracker("ns", emitter), *"abc")
    assert [event["se_la"] for event in emitter.buffer] == ["a", "b", "c"]
    assert emitter.stats()["queued"] == 3


def test_a_given_memory_store_has_its_own_capacity(track):
    store = InMemoryEventStore(logging.getLogger("mine"), 2)
    emitter = Emitter(URL, event_store=store, buffer_capacity=50)
    with mock.patch.object(emitter, "flush"):
        track(Tracker("ns", emitter), *range(5))
    assert store.size() == store.buffer_capacity == 2


@pytest.mark.parametrize("as_dict", [True, False])
def test_a_full_buffer_refuses_the_newest_says_so_once_and_counts(server, track, logged, as_dict):
    failures: list[object] = []
    server.otherwise = 503
    emitter = Emitter(
        server.url,
        buffer_capacity=3,
        max_retry_delay_seconds=FAR,
        on_failure=lambda *arguments: failures.append(arguments),
    )
    if as_dict:
        assert emitter.buffer == []
    ids = track(Tracker("ns", emitter), *range(8))
    assert all(ids)
    assert [event["se_la"] for event in emitter.buffer] == ["0", "1", "2"]
    assert (emitter.stats()["dropped"], emitter.stats()["tracked"]) == (5, 8)
    assert len(failures) == 1
    assert logged("refused") == 1


def test_a_batch_is_no_larger_than_the_capacity(server, track):
    emitter = Emitter(server.url, batch_size=100, buffer_capacity=4)
    track(Tracker("ns", emitter), *range(4))
    assert emitter.batch_size == 4
    assert len(server.requests) == 1


def test_what_is_being_sent_counts_towards_the_capacity(track):
    class Tracking(Emitter):
        def http_post(self, _data):
            self.input({"e": "pv"})
            return 200

    emitter = Tracking(URL, buffer_capacity=2)
    track(Tracker("ns", emitter), *range(2))
    assert (emitter.stats()["sent"], emitter.stats()["dropped"]) == (2, 1)


def test_the_default_capacities():
    stores = [Emitter(URL).event_store, AsyncEmitter(URL).event_store]
    capacities = [
        store.buffer_capacity for store in stores if isinstance(store, InMemoryEventStore)
    ]
    assert capacities == [10_000, 100_000]
