"""The flush timer."""

from __future__ import annotations

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker

KINDS = [Emitter, AsyncEmitter]
NEVER = 1000


@pytest.mark.parametrize("kind", KINDS)
def test_it_flushes_again_and_again(server, track, kind):
    emitter = kind(server.url)
    tracker = Tracker("ns", emitter)
    emitter.set_flush_timer(0.02)
    for n in range(3):
        track(tracker, n)
        server.wait_for(n + 1)
    assert server.labels() == ["0", "1", "2"]
    assert emitter.timer.is_active()


def test_a_second_one_is_ignored_while_one_runs(server, track):
    emitter = Emitter(server.url)
    emitter.set_flush_timer(0.02)
    emitter.set_flush_timer(NEVER)
    track(Tracker("ns", emitter), "a")
    server.wait_for(1)


@pytest.mark.parametrize("kind", KINDS)
def test_it_flushes_at_once_where_that_is_asked_for(server, track, kind):
    emitter = kind(server.url)
    track(Tracker("ns", emitter), "a")
    emitter.set_flush_timer(NEVER, flush_now=True)
    server.wait_for(1)


def test_cancelled_it_stops_and_may_be_set_again(server, track):
    emitter = Emitter(server.url)
    emitter.set_flush_timer(NEVER)
    emitter.cancel_flush_timer()
    assert not emitter.timer.is_active()
    emitter.set_flush_timer(0.02)
    track(Tracker("ns", emitter), "a")
    server.wait_for(1)


def test_there_is_none_by_default_and_cancelling_it_does_nothing(server):
    emitter = Emitter(server.url)
    emitter.cancel_flush_timer()
    assert not emitter.timer.is_active()


def test_it_outlives_a_flush_that_fails(server, track, until):
    class Failing(Emitter):
        failed = False

        def flush(self):
            if not self.failed:
                self.failed = True
                raise ValueError("mine")
            super().flush()

    emitter = Failing(server.url)
    emitter.set_flush_timer(0.02)
    track(Tracker("ns", emitter), "a")
    until(lambda: server.labels() == ["a"])


def test_it_outlives_whatever_a_callback_raises(server, track):
    def leave(_events):
        raise SystemExit

    emitter = Emitter(server.url, on_success=leave)
    emitter.set_flush_timer(0.02)
    tracker = Tracker("ns", emitter)
    for n in range(3):
        track(tracker, n)
        server.wait_for(n + 1)
