"""`flush_within` and `aflush`: whether all that was stored at the call has been delivered."""

from __future__ import annotations

import asyncio
import itertools
import threading
from typing import Any

import pytest
from tests.support import Inbox

from snowplow_tracker import (
    AsyncEmitter,
    Emitter,
    EventStore,
    InMemoryEventStore,
    SQLiteEventStore,
    Tracker,
    logger,
)

KINDS = [Emitter, AsyncEmitter]
FAR = 1000
SHORT = 0.1


class ListStore(EventStore):
    """A store of a program's own."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def add_event(self, payload: Any) -> bool:
        self.events.append(payload)
        return True

    def get_events_batch(self) -> Any:
        batch, self.events = self.events, []
        return batch

    def cleanup(self, batch: Any, need_retry: bool = False) -> None:
        if need_retry:
            self.events = batch + self.events

    def size(self) -> int:
        return len(self.events)


def used_store() -> InMemoryEventStore:
    """A store in memory that holds its events as dicts."""
    store = InMemoryEventStore(logger)
    assert store.event_buffer == []
    return store


@pytest.fixture(params=["records", "dicts", "own", "sqlite"])
def store(request, tmp_path):
    if request.param == "records":
        return InMemoryEventStore(logger)
    if request.param == "dicts":
        return used_store()
    return ListStore() if request.param == "own" else SQLiteEventStore(tmp_path / "events.db")


def wait_for(emitter: Emitter, way: str, timeout: float) -> bool:
    if way == "aflush":
        return asyncio.run(emitter.aflush(timeout))
    return emitter.flush_within(timeout)


WAYS = ["aflush", "flush_within"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["post", "get"])
def test_true_when_all_is_delivered(server, track, store, kind, way, method):
    emitter = kind(server.url, method=method, batch_size=100, event_store=store)
    track(Tracker("ns", emitter), *range(7))
    assert wait_for(emitter, way, 30) is True
    assert server.labels() == [str(n) for n in range(7)]
    assert wait_for(emitter, way, 30) is True
    assert emitter.stats()["sent"] == 7


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_failed_attempts_are_repeated_meanwhile(server, track, store, kind, way):
    server.script += [503, 503]
    emitter = kind(server.url, batch_size=100, event_store=store, max_retry_delay_seconds=0.01)
    track(Tracker("ns", emitter), "a", "b")
    assert wait_for(emitter, way, 30) is True
    assert emitter.stats()["sent"] == 2
    assert len(server.requests) == 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_false_after_the_time_while_the_circuit_breaker_is_open(server, track, store, kind, way):
    server.otherwise = 503
    emitter = kind(server.url, batch_size=100, event_store=store, max_retry_delay_seconds=FAR)
    track(Tracker("ns", emitter), "a")
    emitter.sync_flush()
    assert wait_for(emitter, way, SHORT) is False
    assert len(server.requests) == 1
    assert emitter.stats()["queued"] == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["post", "get"])
def test_false_without_a_wait_when_events_are_given_up(server, track, store, kind, way, method):
    server.otherwise = 400
    emitter = kind(server.url, method=method, batch_size=100, event_store=store)
    track(Tracker("ns", emitter), "a")
    assert wait_for(emitter, way, FAR) is False
    assert emitter.stats()["rejected"] == 1
    server.otherwise = 200
    assert wait_for(emitter, way, 30) is True


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_false_after_the_time_and_delivery_goes_on(server, track, until, kind, way):
    server.script.append("hang")
    emitter = kind(server.url, batch_size=100, max_retry_delay_seconds=0.01)
    track(Tracker("ns", emitter), "a")
    assert wait_for(emitter, way, SHORT) is False
    server.wait_for(1)
    server.released.set()
    until(lambda: emitter.stats()["sent"] == 1)


def test_events_that_another_thread_is_sending_count(server, track):
    """Later events are delivered meanwhile, and more of them than were stored at the call."""
    server.script.append("hang")
    emitter = AsyncEmitter(server.url, batch_size=1, thread_count=2, max_retry_delay_seconds=0.01)
    tracker = Tracker("ns", emitter)
    track(tracker, "first")
    server.wait_for(1)
    outcome: list[bool] = []
    waiting = threading.Thread(target=lambda: outcome.append(emitter.flush_within(60)))
    waiting.start()
    track(tracker, *range(50))
    assert emitter.flush_within(SHORT) is False
    assert outcome == []
    server.released.set()
    waiting.join()
    assert outcome == [True]
    assert "first" in server.labels()[1:]  # the request that hung was cut


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["post", "get"])
def test_true_is_never_wrong(server, track, store, kind, method):
    """Several threads track and wait, while every third request fails."""
    accepted: set[str] = set()
    numbers = itertools.count(1)

    def answer(request: Any) -> int:
        if next(numbers) % 3 == 0:
            return 503
        accepted.update(request.labels)
        return 200

    server.otherwise = answer
    threads = {"thread_count": 4} if kind is AsyncEmitter else {}
    settings = {"batch_size": 3, "max_retry_delay_seconds": 0.002, **threads}
    emitter = kind(server.url, method=method, event_store=store, **settings)
    tracker = Tracker("ns", emitter)
    wrong: list[Any] = []

    def work(name: str) -> None:
        for step in range(6):
            own = [f"{name}-{step}-{number}" for number in range(4)]
            track(tracker, *own)
            is_delivered = emitter.flush_within(60)
            if not is_delivered or not accepted.issuperset(own):
                wrong.append((is_delivered, own))

    workers = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []
    assert emitter.stats()["sent"] == 72


def test_events_tracked_after_the_call_do_not_count(server, track):
    emitter = AsyncEmitter(server.url, batch_size=1)
    tracker = Tracker("ns", emitter)

    def track_one_more(_: Any) -> int:
        track(tracker, "more")
        return 200

    server.otherwise = track_one_more
    track(tracker, "first")
    assert emitter.flush_within(30) is True
    server.otherwise = 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_an_own_flush_that_sends_in_its_own_way(server, track, kind, way):
    taken: list[Any] = []

    class Mine(kind):  # type: ignore[misc, valid-type]
        def flush(self) -> None:
            taken.append(self.event_store.get_events_batch())
            self.event_store.cleanup(taken[-1], False)

    emitter = Mine(server.url, batch_size=100)
    track(Tracker("ns", emitter), "a", "b")
    assert wait_for(emitter, way, 30) is True
    assert len(taken[0]) == 2
    assert server.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_own_send_events_that_puts_events_back(server, track, kind):
    class Mine(kind):  # type: ignore[misc, valid-type]
        def send_events(self, evts: Any) -> None:
            self.event_store.cleanup(evts, True)

    emitter = Mine(server.url, batch_size=100, event_store=ListStore())
    track(Tracker("ns", emitter), "a")
    assert emitter.flush_within(SHORT) is False


@pytest.mark.parametrize("kind", KINDS)
def test_events_that_the_program_has_taken_count(server, track, kind):
    store = InMemoryEventStore(logger)
    emitter = kind(server.url, batch_size=100, event_store=store)
    track(Tracker("ns", emitter), "a")
    taken = store.get_events_batch()
    assert emitter.flush_within(SHORT) is False
    store.cleanup(taken, False)
    assert emitter.flush_within(30) is True


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("status", "is_delivered"), [(200, True), (503, False)])
def test_a_closed_emitter(server, track, store, kind, way, status, is_delivered):
    server.otherwise = status
    emitter = kind(server.url, batch_size=100, event_store=store)
    track(Tracker("ns", emitter), "a")
    emitter.close()
    requests = len(server.requests)
    assert wait_for(emitter, way, FAR) is is_delivered
    assert len(server.requests) == requests


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "is_delivered"), [(200, True), (503, False)])
def test_closing_ends_the_wait(server, track, until, kind, status, is_delivered):
    server.script.append(503)
    server.otherwise = status
    emitter = kind(server.url, batch_size=100, max_retry_delay_seconds=FAR)
    track(Tracker("ns", emitter), "a")
    emitter.sync_flush()
    outcome: list[bool] = []
    waiting = threading.Thread(target=lambda: outcome.append(emitter.flush_within(FAR)))
    waiting.start()
    until(lambda: any(t.name.startswith("snowplow-emitter") for t in threading.enumerate()))
    emitter.close()
    waiting.join()
    assert outcome == [is_delivered]


@pytest.mark.parametrize("kind", KINDS)
def test_false_at_once_in_a_callback_which_delivery_waits_for(server, track, until, kind):
    answers: list[bool] = []

    def on_success(_: Any) -> None:
        answers.append(emitter.flush_within(FAR))

    emitter = kind(server.url, batch_size=1, on_success=on_success)
    track(Tracker("ns", emitter), "a")
    until(lambda: answers == [False])


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_thread_it_sends_on_this_one(server, track, monkeypatch, kind):
    emitter = kind(server.url, batch_size=100)
    track(Tracker("ns", emitter), "a")

    original = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("snowplow"):
            raise RuntimeError("can't start new thread")
        original(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    assert emitter.flush_within(30) is True
    assert server.labels() == ["a"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("timeout", [-1, "1", True, float("nan")])
def test_time_outs_that_cannot_be(kind, timeout):
    emitter = kind("http://127.0.0.1:9")
    for way in WAYS:
        with pytest.raises(ValueError, match="timeout"):
            wait_for(emitter, way, timeout)


def test_a_tracker_waits_for_all_its_emitters(server, track):
    emitters = [kind(server.url, batch_size=100) for kind in KINDS]
    tracker = Tracker("ns", emitters)
    track(tracker, "a")
    assert tracker.flush_within() is True
    track(tracker, "a")
    assert asyncio.run(tracker.aflush()) is True
    assert [emitter.stats()["sent"] for emitter in emitters] == [2, 2]


def test_one_failing_collector_keeps_no_other_emitter_of_a_tracker(server, track, until):
    bad = Emitter("http://127.0.0.1:9", batch_size=100, max_retry_delay_seconds=FAR)
    good = Emitter(server.url, batch_size=100)
    tracker = Tracker("ns", [bad, good])
    track(tracker, "a")
    assert tracker.flush_within(SHORT) is False
    until(lambda: good.stats()["sent"] == 1)
    track(tracker, "b")
    assert asyncio.run(tracker.aflush(SHORT)) is False
    until(lambda: good.stats()["sent"] == 2)


def test_a_tracker_with_emitters_of_other_kinds():
    class Flushable(Inbox):
        flushes = 0

        def flush(self) -> None:
            self.flushes += 1

    inbox, other = Inbox(), Flushable()
    tracker = Tracker("ns", [inbox, other])
    assert tracker.flush_within(1) is True
    assert asyncio.run(tracker.aflush(1)) is True
    asyncio.run(tracker.aclose())
    assert other.flushes == 2
