"""`when_full`: what happens to an event while the store is full."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
import weakref
from typing import Any
from unittest import mock

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
from snowplow_tracker._emitter import engine_of

KINDS = [Emitter, AsyncEmitter]
FAR = 1000
TOO_LONG = 5  # seconds: whoever waits for `block_timeout` takes longer


def full(kind: Any, server: Any, track: Any, **settings: Any) -> tuple[Emitter, Tracker]:
    """An emitter whose five events the collector does not take, for now."""
    server.script.append(503)
    settings = {"max_retry_delay_seconds": FAR, "when_full": "block", **settings}
    emitter = kind(server.url, batch_size=5, buffer_capacity=5, **settings)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(5))
    emitter.sync_flush()
    assert emitter.stats()["queued"] == 5
    return emitter, tracker


def refused_at_once(emitter: Emitter, work: Any) -> bool:
    """Whether what `work` tracks is refused without a wait."""
    started = time.monotonic()
    work()
    return emitter.stats()["dropped"] == 1 and time.monotonic() - started < TOO_LONG


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("as_dict", [True, False])
def test_a_bulk_load_loses_nothing(server, track, kind, as_dict):
    emitter = kind(server.url, batch_size=5, buffer_capacity=20, when_full="block")
    if as_dict:
        assert emitter.buffer == []
    tracker = Tracker("ns", emitter)
    loads = [threading.Thread(target=track, args=(tracker, *range(200))) for _ in range(4)]
    for load in loads:
        load.start()
    for load in loads:
        load.join(20)
    emitter.close()
    assert (emitter.stats()["sent"], emitter.stats()["dropped"]) == (800, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_by_default_the_newest_is_refused(server, track, logged, kind):
    emitter, tracker = full(kind, server, track, when_full="refuse")
    assert refused_at_once(emitter, lambda: track(tracker, "late"))
    assert logged("store is full") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_it_waits_for_the_next_attempt(server, track, kind):
    emitter, tracker = full(kind, server, track, max_retry_delay_seconds=0.3)
    track(tracker, "late")
    emitter.close()
    assert (emitter.stats()["sent"], emitter.stats()["dropped"]) == (6, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_after_block_timeout_it_refuses(server, track, logged, kind):
    emitter, tracker = full(kind, server, track, block_timeout=0.2)
    started = time.monotonic()
    track(tracker, "late")
    assert 0.2 <= time.monotonic() - started < TOO_LONG
    assert (emitter.stats()["dropped"], logged("store is full")) == (1, 1)


def test_in_an_emitter_the_waiting_thread_sends(server, track):
    threads: list[threading.Thread] = []
    emitter, tracker = full(Emitter, server, track)
    emitter.on_success = lambda _: threads.append(threading.current_thread())
    emitter.retry_timer.cancel()
    track(tracker, "late")
    assert threads == [threading.current_thread()]


class Small(list[dict[str, str]]):
    """A store of a program's own, for three events."""

    def add_event(self, payload):
        if len(self) == 3:
            return False
        self.append(payload)
        return True

    def get_events_batch(self):
        batch, self[:] = self[:], []
        return batch

    def cleanup(self, batch, need_retry):
        self[:0] = batch if need_retry else []

    def size(self):
        return len(self)


def test_a_store_of_the_programs_own_is_waited_for_too(server, track):
    emitter = Emitter(server.url, event_store=Small(), batch_size=100, when_full="block")
    track(Tracker("ns", emitter), *range(10))
    emitter.close()
    assert server.labels() == [str(n) for n in range(10)]


@pytest.mark.parametrize("store", [None, Small()])
def test_waiting_takes_no_time_of_the_processor(server, track, store):
    server.otherwise = 503
    settings: dict[str, Any] = {
        "when_full": "block",
        "block_timeout": 0.5,
        "max_retry_delay_seconds": FAR,
    }
    emitter = Emitter(server.url, batch_size=3, buffer_capacity=3, event_store=store, **settings)
    tracker = Tracker("ns", emitter)
    track(tracker, *range(3))
    before = time.process_time()
    track(tracker, "late")
    assert time.process_time() - before < 0.2
    assert emitter.stats()["dropped"] == 1


def test_in_a_callback_it_never_waits(server, track):
    emitter, tracker = full(Emitter, server, track)
    other = Tracker("other", Emitter(server.url, on_success=lambda _: track(tracker, "late")))
    track(other, "a")
    assert refused_at_once(emitter, other.flush)


def test_on_a_worker_it_never_waits(server, track):
    class Own(AsyncEmitter):
        def http_post(self, _data):
            track(tracker, "late")
            return 200

    emitter, tracker = full(Emitter, server, track)
    other = Tracker("other", Own(server.url))
    track(other, "a")
    assert refused_at_once(emitter, other.flush)


@pytest.mark.parametrize("by", ["__del__", "weakref"])
def test_in_a_finaliser_it_never_waits(server, track, by):
    class Thing:
        def __del__(self):
            if by == "__del__":
                track(tracker, "late")

    emitter, tracker = full(Emitter, server, track)
    things = [Thing()]
    if by == "weakref":
        weakref.finalize(things[0], track, tracker, "late")

    def forget() -> None:
        things.clear()
        gc.collect()

    assert refused_at_once(emitter, forget)


class Handler:
    """A signal handler that is no function."""

    def __init__(self, work: Any) -> None:
        self.work = work

    def __call__(self, *_: object) -> None:
        self.work()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("shape", ["function", "method", "object"])
def test_in_a_signal_handler_it_never_waits(server, track, shape):
    emitter, tracker = full(Emitter, server, track)
    handler = Handler(lambda: track(tracker, "late"))
    shapes: Any = {
        "function": lambda *_: track(tracker, "late"),
        "method": handler.__call__,
        "object": handler,
    }
    before = signal.signal(signal.SIGUSR1, shapes[shape])
    try:
        assert refused_at_once(emitter, lambda: signal.raise_signal(signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("kind", KINDS)
def test_closing_ends_the_wait(server, track, until, kind):
    emitter, tracker = full(kind, server, track)
    server.otherwise = 503
    completions = engine_of(emitter).context.completions
    waiting = threading.Thread(target=track, args=(tracker, "late"))
    with mock.patch.object(completions, "wait_for_next", wraps=completions.wait_for_next) as wait:
        waiting.start()
        until(lambda: wait.called)
    emitter.close()
    waiting.join(TOO_LONG)
    assert not waiting.is_alive()
    assert emitter.stats()["dropped"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_another_value_is_refused(server, kind):
    with pytest.raises(ValueError, match="when_full is not supported"):
        kind(server.url, when_full="wait")


def test_the_event_is_stored_with_the_moment_that_it_was_tracked(server, track):
    emitter, tracker = full(Emitter, server, track, max_retry_delay_seconds=0.3)
    before = time.time()
    tracker.track(StructuredEvent("shop", "add", "late"))
    emitter.close()
    [late] = [event for event in server.requests[-1].events if event["se_la"] == "late"]
    assert int(late["dtm"]) / 1000 - before < 0.1
