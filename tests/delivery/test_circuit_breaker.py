"""While a collector is down, one request at a time probes whether it is back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker
from snowplow_tracker._emitter import engine_of

if TYPE_CHECKING:
    from collections.abc import Callable

FAR = 1000


def emitters(server: Any, method: str = "post") -> list[Emitter]:
    settings: dict[str, Any] = {
        "method": method,
        "batch_size": 1,
        "max_retry_delay_seconds": FAR,
        "exit_timeout": 0.1,
    }
    return [Emitter(server.url, **settings), AsyncEmitter(server.url, thread_count=4, **settings)]


def on_threads(count: int, work: Any) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def fail_once(emitter: Emitter, server: Any, track: Any, until: Any) -> None:
    """Has one attempt fail, and the next one due now."""
    server.script.append(503)
    track(Tracker("ns", emitter), "first")
    until(emitter.retry_timer.is_active)
    if isinstance(emitter, AsyncEmitter):
        engine_of(emitter).workers.pool.wait_idle()
    emitter.retry_timer.cancel()


@pytest.mark.parametrize("place", [0, 1], ids=["Emitter", "AsyncEmitter"])
@pytest.mark.parametrize("method", ["post", "get"])
def test_one_request_goes_out_and_then_all_send(server, track, until, place, method):
    emitter = emitters(server, method)[place]
    tracker = Tracker("ns", emitter)
    fail_once(emitter, server, track, until)
    answer = threading.Event()
    server.script.append(lambda _: answer.wait(10) and 200)
    threads = on_threads(8, lambda: track(tracker, *range(5)))
    server.wait_for(2)
    until(lambda: emitter.stats()["tracked"] >= 37)  # the probing thread of an Emitter waits
    assert len(server.requests) == 2
    answer.set()
    until(lambda: emitter.stats()["sent"] == 41)
    for thread in threads:
        thread.join(10)


@pytest.mark.parametrize("place", [0, 1], ids=["Emitter", "AsyncEmitter"])
@pytest.mark.parametrize("method", ["post", "get"])
def test_a_probe_that_fails_delays_them_all(server, track, until, place, method):
    emitter = emitters(server, method)[place]
    tracker = Tracker("ns", emitter)
    fail_once(emitter, server, track, until)
    server.otherwise = 503
    for thread in on_threads(8, lambda: track(tracker, *range(5))):
        thread.join(10)
    until(lambda: emitter.stats()["queued"] == 41)
    until(emitter.retry_timer.is_active)
    assert len(server.requests) == 2


def test_failures_at_the_same_time_lengthen_the_delay_once(server, track):
    gate = threading.Barrier(4)
    server.otherwise = lambda _: gate.wait(10) < 4 and 503
    emitter = Emitter(server.url, batch_size=1, max_retry_delay_seconds=FAR)
    tracker = Tracker("ns", emitter)
    for thread in on_threads(4, lambda: track(tracker, "a")):
        thread.join(10)
    assert emitter.stats()["retried"] == 4
    assert emitter.retry_delay <= 1


def test_a_failure_elsewhere_stops_a_big_flush(server, track):
    failed, sent = threading.Event(), threading.Event()

    def answer_late(_: object) -> int:
        sent.set()
        return 200 if failed.wait(10) else 500

    server.script.extend([answer_late, 503])
    emitter = Emitter(server.url, batch_size=20, max_retry_delay_seconds=FAR)
    engine_of(emitter).transport.body_size.record_refused(1_000)
    tracker = Tracker("ns", emitter)
    [flushing] = on_threads(1, lambda: track(tracker, *range(20)))
    assert sent.wait(10)
    track(tracker, "other")
    emitter.flush()
    failed.set()
    flushing.join(10)
    assert len(server.requests) == 2
    assert emitter.stats()["queued"] == 21 - emitter.stats()["sent"]


def test_without_a_thread_for_the_timer_the_delay_holds(server, track, monkeypatch):
    server.script.append(503)
    emitter = Emitter(server.url, batch_size=1, max_retry_delay_seconds=0.4)
    tracker = Tracker("ns", emitter)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", _unless_of_an_emitter(threading.Thread.start))
        track(tracker, "a", "b")
    assert len(server.requests) == 1
    assert emitter.retry_timer.is_active()
    threading.Event().wait(emitter.retry_delay)
    track(tracker, "c")
    assert emitter.stats()["sent"] == 3


def _unless_of_an_emitter(start: Callable[[threading.Thread], None]) -> Any:
    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("snowplow"):
            raise RuntimeError("can't start new thread")
        start(thread)

    return refuse


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_a_retry_that_is_due_during_on_failure_comes_after_it(server, track, until, kind):
    """The thread that probes turns the retry timer away, and has to send in its place."""

    def wait_for_the_timer(_sent: int, _events: Any) -> None:
        if len(server.requests) == 2:  # the first probe
            until(lambda: not emitter.retry_timer.is_active())
            me = threading.current_thread()
            until(lambda: not any(each is not me and is_timer(each) for each in alive()))

    def is_timer(thread: threading.Thread) -> bool:
        return thread.name == "snowplow-flush-timer"

    alive = threading.enumerate
    server.script += [503, 503]
    emitter = kind(
        server.url, batch_size=1, max_retry_delay_seconds=0.01, on_failure=wait_for_the_timer
    )
    track(Tracker("ns", emitter), "a")
    until(lambda: emitter.stats()["sent"] == 1)
    assert len(server.requests) == 3
