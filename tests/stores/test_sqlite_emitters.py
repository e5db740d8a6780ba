"""Emitters with the durable store: as it is, overridden, patched and interrupted."""

from __future__ import annotations

import signal
import threading
from typing import Any
from unittest import mock

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, SQLiteEventStore, StructuredEvent, Tracker
from snowplow_tracker._stores.sqlite.database import EventDatabase

KINDS = [Emitter, AsyncEmitter]
FAR = 1000


@pytest.fixture
def store(tmp_path):
    return SQLiteEventStore(tmp_path / "events.db")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["post", "get"])
def test_events_go_through_it_in_order_and_are_forgotten(server, track, store, kind, method):
    emitter = kind(server.url, method=method, batch_size=4, event_store=store)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(10))
    tracker.flush()
    if method == "post":
        assert server.labels() == [str(number) for number in range(10)]
    assert emitter.stats()["sent"] == 10
    assert (store.size(), store.in_flight) == (0, 0)


def test_an_event_is_in_the_file_when_track_returns(track, store, tmp_path):
    tracker = Tracker("ns", Emitter("http://127.0.0.1:9", batch_size=FAR, event_store=store))
    ids = track(tracker, "ü", "\N{GRINNING FACE}")
    again = SQLiteEventStore(tmp_path / "events.db")
    assert [event["eid"] for event in again.get_events_batch()] == ids


@pytest.mark.parametrize("kind", KINDS)
def test_what_failed_is_sent_again_in_order(server, track, until, store, kind):
    server.script.extend([503, 200, 503])
    emitter = kind(server.url, batch_size=2, event_store=store, max_retry_delay_seconds=0.02)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(6))
    tracker.flush()
    until(lambda: emitter.stats()["sent"] == 6)
    answered = [request.events for request in server.requests]
    assert [event["se_la"] for event in answered[1]][:2] == ["0", "1"]
    assert {event["se_la"] for request in answered for event in request} == {*map(str, range(6))}


def test_callbacks_get_the_events_with_the_time_of_sending(server, track, store):
    sent: list[Any] = []
    emitter = Emitter(server.url, batch_size=2, event_store=store, on_success=sent.append)
    track(Tracker("ns", emitter), "a", "b")
    [events] = sent
    assert [event["se_la"] for event in events] == ["a", "b"]
    assert all(int(event["stm"]) >= int(event["dtm"]) for event in events)


def test_stats_tell_what_waits_and_what_is_being_sent(server, track, store):
    class Looking(Emitter):
        def http_post(self, data):
            seen.append(self.stats())
            return super().http_post(data)

    seen: list[Any] = []
    emitter = Looking(server.url, batch_size=2, event_store=store)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    stats = emitter.stats()
    assert (stats["queued"], stats["in_flight"], stats["tracked"]) == (1, 0, 1)
    assert 0 <= stats["oldest_queued_seconds"] < 10
    track(tracker, "b")
    assert [(each["in_flight"], each["tracked"]) for each in seen] == [(2, 2)]
    assert (emitter.stats()["sent"], emitter.stats()["tracked"]) == (2, 2)


def test_closing_delivers_what_waits(server, track, store):
    with Emitter(server.url, event_store=store) as emitter:
        track(Tracker("ns", emitter), "a")
    assert server.labels() == ["a"]
    assert store.size() == 0


def test_what_a_closed_emitter_could_not_deliver_waits_for_the_next_one(
    server, track, store, tmp_path
):
    server.script.append(503)
    with Emitter(server.url, event_store=store) as emitter:
        track(Tracker("ns", emitter), "a")
    Emitter(server.url, event_store=SQLiteEventStore(tmp_path / "events.db")).flush()
    assert server.labels() == ["a", "a"]


def test_threads_of_one_store_lose_and_double_nothing(server, track, store):
    emitter = AsyncEmitter(server.url, batch_size=5, thread_count=3, event_store=store)
    tracker = Tracker("ns", emitter)
    threads = [threading.Thread(target=track, args=(tracker, *range(n, 200, 4))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracker.flush()
    assert sorted(map(int, server.labels())) == list(range(200))


@pytest.mark.parametrize("kind", KINDS)
def test_a_subclass_sees_all_that_passes(server, track, until, tmp_path, kind):
    class Counting(SQLiteEventStore):
        added = sent = 0

        def add_event(self, payload):
            self.added += 1
            return super().add_event(payload)

        def cleanup(self, batch, need_retry):
            self.sent += 0 if need_retry else len(batch)
            super().cleanup(batch, need_retry)

    store = Counting(tmp_path / "events.db")
    server.script.append(503)
    emitter = kind(server.url, batch_size=2, event_store=store, max_retry_delay_seconds=0.01)
    tracker = Tracker("ns", emitter)
    track(tracker, *"abc")
    until(lambda: emitter.stats()["retried"])
    emitter.close()
    assert (store.added, store.sent) == (3, 3)
    assert store.size() == store.in_flight == 0


def test_send_events_of_a_programs_own_takes_them_away(track, store):
    class Own(Emitter):
        def send_events(self, evts):
            mine.extend(evts)

    mine: list[Any] = []
    emitter = Own("http://127.0.0.1:9", batch_size=2, event_store=store)
    track(Tracker("ns", emitter), "a", "b")
    assert [event["se_la"] for event in mine] == ["a", "b"]
    assert emitter.stats()["sent"] == 2
    assert (store.size(), store.in_flight) == (0, 0)


# --- what interrupts the store in the middle of its own work


@pytest.fixture
def interrupted(monkeypatch):
    """Has something done in the middle of the store's next insertion."""

    def interrupt(action):
        insert = EventDatabase.insert

        def interrupted_insert(database, record, created_ms):
            monkeypatch.setattr(EventDatabase, "insert", insert)
            insert(database, record, created_ms)
            action()

        monkeypatch.setattr(EventDatabase, "insert", interrupted_insert)

    return interrupt


def test_an_event_of_a_signal_handler_in_there_is_stored_after_it(
    server, track, store, interrupted
):
    emitter = Emitter(server.url, batch_size=FAR, event_store=store)
    tracker = Tracker("ns", emitter)
    before = signal.signal(signal.SIGINT, lambda *_: track(tracker, "handler"))
    try:
        interrupted(lambda: signal.raise_signal(signal.SIGINT))
        track(tracker, "main")
    finally:
        signal.signal(signal.SIGINT, before)
    assert [event["se_la"] for event in store.get_events_batch()] == ["main", "handler"]
    assert (emitter.stats()["tracked"], emitter.stats()["dropped"]) == (2, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flush_in_there_sends_nothing_and_loses_nothing(server, track, store, interrupted, kind):
    emitter = kind(server.url, batch_size=FAR, event_store=store)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    interrupted(emitter.flush)
    track(tracker, "b")
    tracker.flush()
    assert server.labels() == ["a", "b"]


def test_ctrl_c_in_there_leaves_the_store_in_order(server, store, interrupted):
    tracker = Tracker("ns", Emitter(server.url, batch_size=FAR, event_store=store))

    def ctrl_c():
        raise KeyboardInterrupt

    interrupted(ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        tracker.track(StructuredEvent("shop", "add", "a"))
    tracker.track(StructuredEvent("shop", "add", "b"))
    tracker.flush()
    assert server.labels() == ["a", "b"]


def test_ctrl_c_while_events_are_taken_leaves_them_there(server, track, store):
    tracker = Tracker("ns", Emitter(server.url, batch_size=FAR, event_store=store))
    track(tracker, "a")
    with (
        mock.patch.object(EventDatabase, "_read", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        tracker.flush()
    tracker.flush()
    assert server.labels() == ["a"]
