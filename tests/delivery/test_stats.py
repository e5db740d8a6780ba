"""`stats()` counts every tracked event exactly once."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker
from snowplow_tracker._emitter import engine_of

KINDS = [Emitter, AsyncEmitter]
PLACES = ("queued", "in_flight", "sent", "rejected", "dropped")
KEYS = {*PLACES, "tracked", "retried", "bytes", "requests", "last_error", "oldest_queued_seconds"}


def places(emitter: Emitter) -> dict[str, Any]:
    stats = emitter.stats()
    assert stats["tracked"] == sum(stats[place] for place in PLACES)
    return stats


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_emitter_has_nothing(server, kind):
    stats = kind(server.url).stats()
    assert set(stats) == KEYS
    assert (stats.pop("last_error"), stats.pop("oldest_queued_seconds")) == (None, None)
    assert set(stats.values()) == {0}


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize("status", [200, 400, 503])
def test_every_event_is_counted_once_whatever_the_answer(server, track, method, status):
    server.otherwise = status
    emitter = Emitter(
        server.url, method=method, batch_size=3, buffer_capacity=5, max_retry_delay_seconds=1000
    )
    track(Tracker("ns", emitter), *range(8))
    emitter.flush()
    stats = places(emitter)
    assert stats["tracked"] == 8
    place = {200: "sent", 400: "rejected", 503: "queued"}[status]
    assert stats[place] == (5 if status == 503 else 8)
    assert stats["dropped"] == 8 - stats[place]


@pytest.mark.parametrize("as_dict", [True, False])
def test_events_being_sent_are_in_flight(server, track, as_dict):
    server.script.append("hang")
    emitter = AsyncEmitter(server.url, batch_size=2, exit_timeout=0.1)
    if as_dict:
        assert emitter.buffer == []
    tracker = Tracker("ns", emitter)
    track(tracker, *range(2))
    server.wait_for(1)
    track(tracker, 3)
    stats = places(emitter)
    assert (stats["tracked"], stats["in_flight"], stats["queued"]) == (3, 2, 1)


def test_looking_at_the_buffer_keeps_events_in_flight_counted(server, track):
    server.script.append("hang")
    emitter = AsyncEmitter(server.url, batch_size=2, exit_timeout=0.1)
    track(Tracker("ns", emitter), *range(2))
    server.wait_for(1)
    assert emitter.buffer == []
    assert places(emitter)["tracked"] == 2


def test_bytes_requests_and_the_last_error(server, track, until):
    server.script.append(503)
    emitter = Emitter(server.url, batch_size=1, max_retry_delay_seconds=0.02)
    track(Tracker("ns", emitter), "a")
    until(lambda: emitter.stats()["sent"] == 1)
    stats = places(emitter)
    assert stats["bytes"] == sum(len(request.body) for request in server.requests)
    assert (stats["requests"], stats["retried"], stats["last_error"]) == (2, 1, "HTTP 503")


@pytest.mark.parametrize("as_dict", [True, False])
def test_the_age_of_the_oldest_event(track, monkeypatch, as_dict):
    emitter = Emitter("http://127.0.0.1:9")
    if as_dict:
        assert emitter.buffer == []
    tracker = Tracker("ns", emitter)
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    track(tracker, "a")
    monkeypatch.setattr("time.time", lambda: 1_000_007.5)
    track(tracker, "b")
    age = emitter.stats()["oldest_queued_seconds"]
    assert age is None if as_dict else age == pytest.approx(7.5)
    emitter.buffer.clear()


def test_events_cleared_from_the_buffer_are_no_longer_counted(track):
    emitter = Emitter("http://127.0.0.1:9")
    track(Tracker("ns", emitter), *range(3))
    emitter.buffer.clear()
    assert places(emitter)["tracked"] == 0


@pytest.mark.parametrize("as_dict", [True, False])
def test_no_event_is_between_two_places_while_others_send(server, track, as_dict):
    emitter = AsyncEmitter(server.url, batch_size=1000, thread_count=4)
    if as_dict:
        assert emitter.buffer == []
    track(Tracker("ns", emitter), *range(800))
    engine_of(emitter).transport.body_size.record_refused(2_000)
    server.otherwise = takes_turns([200, 200, 400])
    emitter.flush()
    while (stats := places(emitter))["sent"] + stats["rejected"] < 800:
        assert stats["tracked"] == 800
        emitter.flush()


def takes_turns(statuses: list[int]) -> Any:
    each = itertools.cycle(statuses)
    return lambda _: next(each)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_refused_is_counted_each_time_and_logged_once_a_minute(server, track, logged, kind):
    server.otherwise = 503
    emitter = kind(server.url, batch_size=5, buffer_capacity=5, max_retry_delay_seconds=1000)
    track(Tracker("ns", emitter), *range(500))
    assert places(emitter)["dropped"] == 495
    assert logged("Event refused: the store is full") == 1
