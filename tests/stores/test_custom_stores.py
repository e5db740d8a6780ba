"""Custom event stores: which methods an emitter calls, and when."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any
from unittest import mock

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, InMemoryEventStore, PageView, Tracker
from snowplow_tracker.emitters import logger

KINDS = [Emitter, AsyncEmitter]
URL = "http://127.0.0.1:9"
FAR = 1000


class Queue:
    """Gives events out and has them no longer, `part` at a time."""

    part = 1000

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add_event(self, payload: Any) -> bool:
        self.events.append(payload)
        return True

    def get_events_batch(self) -> Any:
        batch, self.events = self.events[: self.part], self.events[self.part :]
        return batch

    def cleanup(self, batch, need_retry):
        if need_retry:
            self.events = batch + self.events

    def size(self) -> int:
        return len(self.events)


class Journal(Queue):
    """Keeps events until it is told that they are sent, as a table would."""

    part = 3

    def get_events_batch(self):
        return [dict(event) for event in self.events[: self.part]]

    def cleanup(self, batch, need_retry):
        done = {event["eid"] for event in batch} if not need_retry else set()
        self.events = [event for event in self.events if event["eid"] not in done]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["post", "get"])
def test_a_store_may_keep_events_until_they_are_sent(server, track, until, kind, method):
    server.script.extend([200, 503])
    store = Journal()
    emitter = kind(server.url, method=method, event_store=store, max_retry_delay_seconds=0.02)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(8))
    tracker.flush()
    until(lambda: store.size() == 0)
    emitter.sync_flush()
    assert emitter.stats()["sent"] == 8


@pytest.mark.parametrize("kind", KINDS)
def test_such_a_store_is_emptied_by_one_thread_at_a_time(server, track, kind):
    emitter = kind(server.url, batch_size=4, event_store=Journal())
    tracker = Tracker("ns", emitter)
    threads = [threading.Thread(target=track, args=(tracker, *range(n, 60, 3))) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracker.flush()
    assert sorted(map(int, server.labels())) == list(range(60))


class Alone(Queue):
    """Notices when a thread comes in while another one is inside."""

    def __init__(self) -> None:
        super().__init__()
        self.busy = threading.Lock()
        self.clashes = 0
        self.entered, self.leave = threading.Event(), threading.Event()

    def add_event(self, payload):
        if not self.busy.acquire(blocking=False):
            self.clashes += 1
            return True
        self.entered.set()
        self.leave.wait(0.2)
        self.busy.release()
        return super().add_event(payload)

    def get_events_batch(self):
        self.clashes += self.busy.locked()
        return super().get_events_batch()


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_need_know_nothing_of_threads(server, track, kind):
    store = Alone()
    tracker = Tracker("ns", kind(server.url, event_store=store))
    adding = threading.Thread(target=track, args=(tracker, "a"))
    adding.start()
    assert store.entered.wait(5)
    track(tracker, "b")
    tracker.flush()
    adding.join()
    assert store.clashes == 0
    assert sorted(server.labels()) == ["a", "b"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["post", "get"])
def test_it_is_given_each_event_as_it_will_be_called_back(server, kind, method):
    store = Queue()
    emitter = kind(server.url, method=method, batch_size=2, event_store=store)
    emitter.input({"e": "se", "se_va": 1.5, "stm": "1"})
    [event] = store.events
    assert event == {"e": "se", "se_va": "1.5" if method == "post" else 1.5}


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_event_is_counted_and_nobody_is_called_back(server, track, kind):
    class Full(Queue):
        def add_event(self, payload):
            return len(self.events) < 2 and super().add_event(payload)

    on_failure = mock.Mock()
    emitter = kind(server.url, event_store=Full(), on_failure=on_failure)
    assert all(track(Tracker("ns", emitter), *range(5)))
    emitter.sync_flush()
    stats = emitter.stats()
    assert (stats["tracked"], stats["sent"], stats["dropped"]) == (5, 2, 3)
    assert not on_failure.called


def test_the_capacity_and_the_batch_size_are_the_stores_own_affair():
    assert Emitter(URL, event_store=Queue(), batch_size=50_000).batch_size == 50_000
    assert Emitter(URL, event_store=Queue(), batch_size=50, buffer_capacity=9).batch_size == 9
    assert Emitter(URL, batch_size=50_000).batch_size == 10_000


BROKEN = ["add_event", "get_events_batch", "size", "cleanup"]


@pytest.mark.parametrize("method", BROKEN)
def test_an_exception_out_of_it_reaches_the_caller_of_track(server, track, method):
    store = Queue()
    emitter = Emitter(server.url, batch_size=1, event_store=store)
    tracker = Tracker("ns", emitter)
    with (
        mock.patch.object(store, method, side_effect=ConnectionError("mine")),
        pytest.raises(ConnectionError, match="mine"),
    ):
        track(tracker, "a")
    track(tracker, "b")
    assert server.labels()[-1] == "b"
    assert emitter.stats()["in_flight"] == 0


def test_a_worker_outlives_an_exception_out_of_it(server, track, logged):
    store = Queue()
    emitter = AsyncEmitter(server.url, event_store=store)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    with mock.patch.object(store, "get_events_batch", side_effect=ConnectionError("mine")):
        tracker.flush()
    tracker.flush()
    assert server.labels() == ["a"]
    assert logged("failed to send") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_taken_from_it_is_in_flight(server, track, kind):
    class Looking(kind):  # type: ignore[misc, valid-type]
        def http_post(self, data):
            seen.append(self.stats())
            return super().http_post(data)

    seen: list[dict[str, int]] = []
    emitter = Looking(server.url, batch_size=2, event_store=Queue())
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b")
    tracker.flush()
    assert [(stats["in_flight"], stats["tracked"]) for stats in seen] == [(2, 2)]
    assert emitter.stats()["in_flight"] == 0


ENDS_DURING_A_REQUEST = """
import sys
from snowplow_tracker import AsyncEmitter, StructuredEvent, Tracker
class Queue(list):
    def add_event(self, payload):
        self.append(payload)
        return True
    def get_events_batch(self):
        batch, self[:] = self[:], []
        return batch
    def cleanup(self, batch, need_retry):
        self[:0] = batch if need_retry else []
    size = list.__len__
tracker = Tracker("ns", AsyncEmitter(sys.argv[1], batch_size=1, event_store=Queue()))
tracker.track(StructuredEvent("shop", "add", "a"))
input()
"""


def test_the_end_of_the_program_waits_for_what_was_taken_from_it(server):
    server.script.append("hang")
    command = [sys.executable, "-c", ENDS_DURING_A_REQUEST, server.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        server.wait_for(1)
        threading.Timer(0.3, server.released.set).start()
        _, errors = program.communicate(b"\n", timeout=15)
    assert server.labels() == ["a", "a"], errors


def test_a_subclass_of_the_one_in_memory_sees_all_that_passes(server, track):
    class Counting(InMemoryEventStore):
        added = 0

        def add_event(self, payload):
            self.added += 1
            return super().add_event(payload)

    store = Counting(logger, 3)
    track(Tracker("ns", Emitter(server.url, event_store=store, batch_size=2)), *range(5))
    assert (store.added, len(server.labels()), store.size()) == (5, 4, 1)


def test_add_event_patched_on_the_class_counts_after_construction_and_ends():
    emitter = Emitter(URL, batch_size=10)
    tracker = Tracker("ns", emitter)
    with mock.patch.object(InMemoryEventStore, "add_event", return_value=True) as add_event:
        tracker.track(PageView("https://a.b/1"))
    tracker.track(PageView("https://a.b/2"))
    assert [call.args[0]["url"] for call in add_event.call_args_list] == ["https://a.b/1"]
    assert [event["url"] for event in emitter.buffer] == ["https://a.b/2"]
