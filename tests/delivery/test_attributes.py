"""Public attributes of emitters can be read, assigned and changed in place, and take effect."""

from __future__ import annotations

import threading
from typing import Any
from unittest import mock

import pytest
import requests

from snowplow_tracker import AsyncEmitter, Emitter, InMemoryEventStore, Tracker, logger
from snowplow_tracker._emitter import engine_of
from snowplow_tracker.emitters import Requester

KINDS = [Emitter, AsyncEmitter]
URL = "http://127.0.0.1:9"
FAR = 1000


def test_the_endpoint(server, track):
    emitter = Emitter(URL, batch_size=1)
    emitter.endpoint = Emitter.as_collector_uri(server.url)
    track(Tracker("ns", emitter), "a")
    assert server.labels() == ["a"]


def test_the_method(server, track):
    emitter = Emitter(server.url)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    emitter.method = "get"
    emitter.endpoint = Emitter.as_collector_uri(server.url, method="get")
    tracker.flush()
    assert [request.method for request in server.requests] == ["GET"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["batch_size", "buffer_size"])
def test_the_batch_size_raised_and_lowered(server, track, kind, name):
    emitter = kind(server.url, batch_size=2)
    setattr(emitter, name, 3)
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b")
    assert server.requests == []
    track(tracker, "c")
    server.wait_for(1)
    setattr(emitter, name, 1)
    track(tracker, "d")
    server.wait_for(2)
    assert server.labels() == ["a", "b", "c", "d"]


def test_a_byte_limit_set_and_taken_away(server, track):
    emitter = Emitter(server.url, byte_limit=100_000)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    assert emitter.bytes_queued is not None
    emitter.bytes_queued = 99_990
    track(tracker, "b")
    assert server.labels() == ["a", "b"]
    emitter.byte_limit = None
    track(tracker, *range(9))
    assert len(server.requests) == 1


def test_the_callbacks(server, track):
    calls: list[Any] = []
    server.script.extend([200, 400])
    emitter = Emitter(server.url, batch_size=1)
    emitter.on_success = lambda events: calls.append(len(events))
    emitter.on_failure = lambda n_sent, events: calls.append((n_sent, len(events)))
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b")
    emitter.on_success = None
    track(tracker, "c")
    assert calls == [1, (0, 1)]


@pytest.mark.parametrize("change", ["assigned", "in place"])
def test_the_retry_codes(server, track, change):
    server.script.extend([503, 410])
    codes: dict[int, bool] = {}
    emitter = Emitter(
        server.url, batch_size=1, custom_retry_codes=codes, max_retry_delay_seconds=FAR
    )
    assert emitter.custom_retry_codes is codes
    if change == "assigned":
        emitter.custom_retry_codes = {503: False, 410: True}
    else:
        codes.update({503: False, 410: True})
    track(Tracker("ns", emitter), "a", "b")
    assert (emitter.stats()["rejected"], emitter.stats()["queued"]) == (1, 1)


def test_retry_codes_are_no_other_emitters():
    Emitter(URL).custom_retry_codes[500] = False
    assert Emitter(URL).custom_retry_codes == {}


def test_the_longest_delay_and_the_delay(server, track):
    server.otherwise = 503
    emitter = Emitter(server.url, batch_size=1)
    emitter.max_retry_delay_seconds = FAR
    emitter.retry_delay = 100
    assert emitter.retry_delay == 100
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    assert 100 <= emitter.retry_delay <= 200
    emitter.retry_timer.cancel()
    emitter.retry_delay = 0
    tracker.flush()
    assert 0.5 <= emitter.retry_delay <= 1


def test_a_cancelled_retry_lets_the_next_flush_send(server, track):
    server.script.append(503)
    emitter = Emitter(server.url, batch_size=1, max_retry_delay_seconds=FAR)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    emitter.retry_timer.cancel()
    assert not emitter.retry_timer.is_active()
    tracker.flush()
    assert server.labels() == ["a", "a"]
    assert emitter.stats()["sent"] == 1


def test_the_request_method(track):
    calls: list[str] = []

    def post(url: str, **_: Any) -> requests.Response:
        calls.append(url)
        answer = requests.Response()
        answer.status_code = 200
        return answer

    emitter = Emitter(URL, batch_size=1)
    emitter.request_method = Requester(post=post, get=post)
    track(Tracker("ns", emitter), "a")
    assert calls == [emitter.endpoint]
    emitter.request_method.post = lambda *_, **__: requests.Response()
    track(Tracker("ns", emitter), "b")
    assert (len(calls), emitter.stats()["sent"]) == (1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_store(server, track, kind):
    emitter = kind(server.url)
    tracker = Tracker("ns", emitter)
    track(tracker, "left behind")
    first, second = emitter.event_store, InMemoryEventStore(logger)
    emitter.event_store = second
    track(tracker, "a")
    tracker.flush()
    assert server.labels() == ["a"]
    assert (first.size(), second.size()) == (1, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_stored_events_in_place(server, track, kind):
    emitter = kind(server.url)
    tracker = Tracker("ns", emitter)
    track(tracker, *"abcd")
    events = emitter.event_store.event_buffer
    assert [type(event) for event in events] == [dict] * 4
    del events[0]
    events[0]["se_la"] = "B"
    events.insert(0, {"e": "se", "se_la": "first"})
    events.pop()
    track(tracker, "e")
    assert events is emitter.event_store.event_buffer
    tracker.flush()
    assert server.labels() == ["first", "B", "c", "e"]
    assert emitter.event_store.event_buffer == []


@pytest.mark.parametrize("name", ["event_buffer", "buffer"])
def test_the_stored_events_assigned(server, track, name):
    emitter = Emitter(server.url, batch_size=3)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    owner: Any = emitter if name == "buffer" else emitter.event_store
    mine = [{"e": "se", "se_la": "b", "se_va": 5}]
    setattr(owner, name, mine)
    assert getattr(owner, name) is mine
    track(tracker, "c", "d")
    assert server.labels() == ["b", "c", "d"]
    assert server.requests[0].events[0]["se_va"] == "5"


def test_the_capacity_of_the_store(track):
    emitter = Emitter(URL, batch_size=100)
    store: Any = emitter.event_store
    tracker = Tracker("ns", emitter)
    track(tracker, *range(5))
    store.buffer_capacity = 6
    track(tracker, *range(5))
    assert (store.size(), emitter.stats()["dropped"]) == (6, 4)
    store.buffer_capacity = 7
    track(tracker, *range(5))
    assert store.size() == 7


def test_the_lock_may_be_held_while_this_thread_tracks(server, track):
    emitter = Emitter(server.url, batch_size=2)
    with emitter.lock:
        track(Tracker("ns", emitter), "a", "b")
    assert server.labels() == ["a", "b"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_attribute_of_the_programs_own(kind):
    emitter = kind(URL)
    emitter.team = "shop"
    assert vars(emitter)["team"] == "shop"
    del emitter.team
    assert not hasattr(emitter, "team")


def test_the_bytes_are_nothing_after_a_flush_that_hands_over(server):
    emitter = AsyncEmitter(server.url, byte_limit=10_000)
    emitter.input({"e": "pv"})
    assert emitter.bytes_queued
    emitter.flush()
    assert emitter.bytes_queued == 0


def test_the_queue_and_consume(server, track, until):
    emitter = AsyncEmitter(server.url)
    assert emitter.queue.empty()
    with mock.patch.object(
        engine_of(emitter).workers.pool, "_start_threads"
    ):  # no thread of its own
        track(Tracker("ns", emitter), *range(10))
    assert not emitter.queue.empty()
    threading.Thread(target=emitter.consume, daemon=True).start()
    until(lambda: len(server.labels()) == 10)
    until(emitter.queue.empty)
    emitter.queue.put(None)
