"""`AsyncEmitter` sends on its own threads."""

from __future__ import annotations

import gc
import threading
import time

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker
from snowplow_tracker._emitter import engine_of
from snowplow_tracker._lifecycle.workers import RequestQueue


def worker_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("snowplow")]


def test_tracking_does_not_wait_for_a_collector_that_stalls(server, track):
    server.otherwise = "hang"
    tracker = Tracker("ns", AsyncEmitter(server.url, batch_size=1, exit_timeout=0.1))
    track(tracker, "first")
    server.wait_for(1)
    started = time.monotonic()
    assert all(track(tracker, *range(1_000)))
    assert time.monotonic() - started < 2


def test_a_full_batch_is_sent_without_a_call(server, track):
    track(Tracker("ns", AsyncEmitter(server.url)), *range(10))
    server.wait_for(1)
    assert server.labels() == [str(n) for n in range(10)]


def test_flush_hands_over_and_returns(server, track, until):
    server.script.append("hang")
    emitter = AsyncEmitter(server.url, max_retry_delay_seconds=0.02)
    tracker = Tracker("ns", emitter)
    track(tracker, "a")
    tracker.flush(is_async=True)
    server.wait_for(1)
    assert emitter.stats()["in_flight"] == 1
    server.released.set()
    until(lambda: emitter.stats()["sent"] == 1)


def test_sync_flush_waits_until_all_is_sent(server, track):
    emitter = AsyncEmitter(server.url, batch_size=3)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(100))
    tracker.flush()
    assert server.labels() == [str(n) for n in range(100)]
    assert emitter.stats()["sent"] == 100
    assert emitter.queue.empty()


def test_sync_flush_returns_when_a_failing_collector_gives_the_events_back(server, track):
    server.otherwise = 503
    emitter = AsyncEmitter(server.url, max_retry_delay_seconds=1000)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(3))
    tracker.flush()
    assert emitter.stats()["queued"] == 3
    tracker.flush().flush(is_async=True)
    assert len(server.requests) == 1


def test_a_burst_waits_in_line_and_loses_nothing(server, track, until):
    server.script.append("hang")
    emitter = AsyncEmitter(server.url, max_retry_delay_seconds=0.02)
    tracker = Tracker("ns", emitter)
    ids = track(tracker, *range(20_000))
    assert emitter.stats()["dropped"] == 0
    server.released.set()
    until(lambda: emitter.stats()["sent"] == 20_000)
    arrived = {event["eid"] for request in server.requests for event in request.events}
    assert arrived == set(ids)


def test_what_is_being_sent_counts_towards_the_capacity(server, track):
    server.otherwise = "hang"
    emitter = AsyncEmitter(server.url, batch_size=2, buffer_capacity=3, exit_timeout=0.1)
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b")
    server.wait_for(1)
    assert all(track(tracker, *range(5)))
    stats = emitter.stats()
    assert (stats["in_flight"], stats["queued"], stats["dropped"]) == (2, 1, 4)


def test_callbacks_run_on_a_daemon_worker(server, track):
    threads = []
    emitter = AsyncEmitter(
        server.url, batch_size=1, on_success=lambda _: threads.append(threading.current_thread())
    )
    track(Tracker("ns", emitter), "a")
    emitter.sync_flush()
    [thread] = threads
    assert thread is not threading.current_thread()
    assert thread.daemon


def test_thread_count_is_the_eighth_parameter_and_that_many_threads_send(server, track):
    server.otherwise = "hang"
    emitter = AsyncEmitter(server.url, "http", None, "post", 1, None, None, 3, exit_timeout=0.1)
    tracker = Tracker("ns", emitter)
    for n in range(3):
        track(tracker, n)
        server.wait_for(n + 1)
    assert server.connections == 3


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_events_of_three_threads_arrive_exactly_once(collector, track, kind):
    emitter = kind(collector.url, batch_size=7)
    tracker = Tracker("ns", emitter)
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda: ids.extend(track(tracker, *range(200)))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    emitter.close()
    assert collector.journal.wait_for(600) == {"total": 600, "good": 600, "bad": 0}
    arrived = [row["event"]["event_id"] for row in collector.journal.good()]
    assert sorted(arrived) == sorted(ids)


def test_one_thread_uses_one_connection(server, track):
    emitter = AsyncEmitter(server.url, batch_size=1)
    tracker = Tracker("ns", emitter)
    for n in range(5):
        track(tracker, n)
        emitter.sync_flush()
    assert server.connections == 1


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
@pytest.mark.parametrize("before", [0, 1])
def test_what_a_dropped_tracker_holds_is_delivered(collector, track, kind, before):
    tracker = Tracker("ns", kind(collector.url))
    track(tracker, *range(before))
    tracker.flush()
    track(tracker, *range(3))
    del tracker
    gc.collect()
    assert collector.journal.wait_for(before + 3, timeout=5)["good"] == before + 3


def test_a_dropped_emitter_leaves_no_thread_behind(server, track, until):
    before = set(worker_threads())
    tracker = Tracker("ns", AsyncEmitter(server.url))
    track(tracker, "a")
    tracker.flush()
    assert set(worker_threads()) - before
    del tracker
    gc.collect()
    until(lambda: not set(worker_threads()) - before, seconds=3)


def test_a_closed_emitter_leaves_no_thread_behind(server, track, until):
    before = set(worker_threads())
    with AsyncEmitter(server.url, thread_count=2) as emitter:
        track(Tracker("ns", emitter), "a")
    until(lambda: not set(worker_threads()) - before)


def test_an_event_from_an_on_success_callback_needs_no_further_call(server, track, until):
    def confirm(_events):
        if not confirmed:
            confirmed.append(track(tracker, "receipt"))

    confirmed: list[object] = []
    tracker = Tracker("ns", AsyncEmitter(server.url, batch_size=1, on_success=confirm))
    track(tracker, "order")
    until(lambda: server.labels() == ["order", "receipt"], seconds=3)


WARNED: list[tuple[str, dict[str, object]]] = [
    ("collector.example.com", {}),
    ("10.0.0.1:8080", {}),
    ("127.0.0.1.example.com", {}),
]
SILENT: list[tuple[str, dict[str, object]]] = [
    ("collector.example.com", {"protocol": "http"}),
    ("collector.example.com", {"protocol": "https"}),
    ("http://collector.example.com", {}),
    ("https://collector.example.com", {}),
    *(("localhost", {}), ("localhost:9090", {}), ("127.0.0.1", {}), ("[::1]:9090", {})),
]


@pytest.mark.parametrize(("endpoint", "settings"), WARNED)
def test_plain_http_to_another_machine_is_warned_of(logged, endpoint, settings):
    assert AsyncEmitter(endpoint, **settings).endpoint.startswith("http://")
    assert logged("unencrypted") == 1


@pytest.mark.parametrize(("endpoint", "settings"), SILENT)
def test_plain_http_that_is_asked_for_or_local_is_not_warned_of(logged, endpoint, settings):
    AsyncEmitter(endpoint, **settings)
    assert logged("unencrypted") == 0


def test_batches_that_wait_in_line_join_into_large_bodies(server, track, until):
    server.script.append("hang")
    emitter = AsyncEmitter(server.url, batch_size=10, max_retry_delay_seconds=0.02)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(10))
    server.wait_for(1)
    track(tracker, *range(5_000))
    server.released.set()
    until(lambda: emitter.stats()["sent"] == 5_010)
    assert len(server.requests) <= 5


def test_waiting_takes_no_time_of_the_processor(server, track):
    server.script.append("hang")
    emitter = AsyncEmitter(server.url, thread_count=4, exit_timeout=0.1)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(25))
    server.wait_for(1)
    threading.Timer(0.5, server.released.set).start()
    before, started = time.process_time(), time.monotonic()
    tracker.flush()
    assert time.monotonic() - started > 0.3
    assert time.process_time() - before < 0.15


@pytest.mark.parametrize("name", ["sync_flush", "close"])
def test_two_emitters_that_wait_for_one_another_in_callbacks_come_to_an_end(server, track, name):
    def wait_for_the_other(_events: object, place: int) -> None:
        both_are_in_callbacks.wait(5)
        getattr(emitters[1 - place], name)()

    both_are_in_callbacks = threading.Barrier(2)
    emitters = [AsyncEmitter(server.url, batch_size=1, exit_timeout=0.5) for _ in range(2)]
    emitters[0].on_success = lambda events: wait_for_the_other(events, 0)
    emitters[1].on_success = lambda events: wait_for_the_other(events, 1)
    for emitter in emitters:
        track(Tracker("ns", emitter), "a")
    for emitter in emitters:
        emitter.sync_flush()
    assert [emitter.stats()["sent"] for emitter in emitters] == [1, 1]


def test_without_threads_a_flush_that_waits_sends_itself(server, track, monkeypatch):
    emitter = AsyncEmitter(server.url, batch_size=1)
    monkeypatch.setattr(engine_of(emitter).workers.pool, "_start_threads", lambda: None)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(500))
    assert emitter.queue.qsize() == 1
    tracker.flush()
    assert emitter.stats()["sent"] == 500


def test_a_worker_outlives_all_that_http_post_raises(server, track):
    class Broken(AsyncEmitter):
        raises = iter([SystemExit, KeyboardInterrupt, GeneratorExit])

        def http_post(self, data):
            for kind in self.raises:
                raise kind
            return super().http_post(data)

    emitter = Broken(server.url, batch_size=1)
    tracker = Tracker("ns", emitter)
    for label in "abcd":
        track(tracker, label)
        emitter.sync_flush()
    assert server.labels() == list("abcd")


def test_a_worker_survives_a_lack_of_memory(server, track, monkeypatch, until):
    errors = [MemoryError(), RuntimeError("can't allocate lock")]
    get = RequestQueue.get

    def get_or_fail(self, new_lock=None):
        if errors:
            raise errors.pop()
        return get(self, new_lock)

    monkeypatch.setattr(RequestQueue, "get", get_or_fail)
    emitter = AsyncEmitter(server.url, protocol="http", batch_size=1)
    track(Tracker("ns", emitter), "a", "b")
    until(lambda: emitter.stats()["sent"] == 2)
    assert not errors
