"""`close()` delivers stored events, and no event is accepted afterwards."""

from __future__ import annotations

import time

import pytest
from urllib3 import Timeout

from snowplow_tracker import AsyncEmitter, Emitter, SQLiteEventStore, Tracker

KINDS = [Emitter, AsyncEmitter]
METHODS = ["post", "get"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_a_with_block_delivers_at_its_end(server, track, kind, method):
    with kind(server.url, method=method, batch_size=10) as emitter:
        track(Tracker("ns", emitter), *range(3))
    assert emitter.stats()["sent"] == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_trackers_with_block_closes_its_emitters(server, track, kind):
    emitters = [kind(server.url), kind(server.url)]
    with Tracker("ns", emitters) as tracker:
        track(tracker, "a")
    assert server.labels() == ["a", "a"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_tracking_afterwards_is_refused_and_logged(server, track, logged, kind, method):
    emitter = kind(server.url, method=method)
    tracker = Tracker("ns", emitter)
    emitter.close()
    assert all(track(tracker, *range(12)))
    emitter.close()
    assert logged("refused.*closed") == 1
    assert (emitter.stats()["dropped"], server.requests) == (12, [])


@pytest.mark.parametrize("kind", KINDS)
def test_closing_does_not_wait_for_a_retry_but_tries_once(server, track, kind):
    server.script.extend([503, 503])
    emitter = kind(server.url, max_retry_delay_seconds=1000)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(3))
    tracker.flush()
    emitter.close()
    assert [len(request.events) for request in server.requests] == [3, 3]
    assert not emitter.retry_timer.is_active()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_is_logged(server, track, logged, kind):
    server.otherwise = 503
    with kind(server.url) as emitter:
        track(Tracker("ns", emitter), *range(3))
    assert logged("3 events were not delivered.*503") == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_closing_takes_no_longer_than_its_timeout(server, track, kind, method):
    server.otherwise = "hang"
    emitter = kind(server.url, method=method, batch_size=1000)
    track(Tracker("ns", emitter), *range(500))
    started = time.monotonic()
    emitter.close(timeout=0.2)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("request_timeout", [None, 3, (3, 4), (3, None), 0.5, Timeout(3)])
def test_closing_delivers_with_every_request_timeout(server, track, request_timeout):
    with Emitter(server.url, request_timeout=request_timeout) as emitter:
        track(Tracker("ns", emitter), "a")
    assert emitter.stats()["sent"] == 1


def test_closing_sends_what_a_store_gives_out_in_parts(server, track):
    class Parts(list[dict[str, str]]):
        def add_event(self, payload):
            self.append(payload)
            return True

        def get_events_batch(self):
            batch, self[:] = self[:2], self[2:]
            return batch

        def cleanup(self, batch, need_retry):
            self[:0] = batch if need_retry else []

        def size(self):
            return len(self)

    store = Parts()
    with Emitter(server.url, event_store=store) as emitter:
        track(Tracker("ns", emitter), *range(5))
    assert server.labels() == [str(n) for n in range(5)]


def test_what_a_store_of_the_programs_own_keeps_is_said_to_be_kept(server, track, logged, tmp_path):
    server.otherwise = 503
    with Emitter(server.url, event_store=SQLiteEventStore(tmp_path / "events")) as emitter:
        track(Tracker("ns", emitter), *range(3))
    assert logged("3 events were not delivered: HTTP 503; they stay in the event store") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_on_disk_takes_nothing_after_the_end_either(server, track, logged, kind, tmp_path):
    emitter = kind(server.url, event_store=SQLiteEventStore(tmp_path / "events"))
    emitter.close()
    track(Tracker("ns", emitter), *range(3))
    assert logged("refused.*closed") == 1
    assert (emitter.stats()["dropped"], emitter.stats()["queued"]) == (3, 0)
