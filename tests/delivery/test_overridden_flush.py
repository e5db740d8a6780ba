"""An overridden `flush` is used by everything that sends."""

from __future__ import annotations

import subprocess
import sys
from unittest import mock

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, Tracker

KINDS = [Emitter, AsyncEmitter]
URL = "http://127.0.0.1:9"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("owner", ["class", "instance"])
def test_a_trackers_flush_reaches_a_patched_one(kind, owner):
    emitter = kind(URL)
    tracker = Tracker("ns", emitter)
    with mock.patch.object(kind if owner == "class" else emitter, "flush") as flush:
        tracker.flush()
        assert flush.call_count == 1
        tracker.flush(is_async=True)
        assert flush.call_count == 2


@pytest.mark.parametrize("kind", KINDS)
def test_sync_flush_waits_for_what_an_own_flush_hands_over(server, track, kind):
    class Counting(kind):  # type: ignore[misc, valid-type]
        flushes = 0

        def flush(self):
            self.flushes += 1
            super().flush()

    emitter = Counting(server.url, batch_size=100)
    track(Tracker("ns", emitter), *range(30))
    emitter.sync_flush()
    assert (emitter.flushes, len(server.labels())) == (1, 30)


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_calls_sync_flush_does_not_loop(server, track, kind):
    class Blocking(kind):  # type: ignore[misc, valid-type]
        def flush(self):
            self.sync_flush()

    emitter = Blocking(server.url, batch_size=2)
    tracker = Tracker("ns", emitter)
    track(tracker, "a", "b")
    assert server.labels() == ["a", "b"]
    track(tracker, "c")
    tracker.flush()
    assert server.labels() == ["a", "b", "c"]


@pytest.mark.parametrize("kind", KINDS)
def test_closing_goes_through_it(server, track, kind):
    class Keeping(kind):  # type: ignore[misc, valid-type]
        def flush(self):
            self.kept = [event["se_la"] for event in self.buffer]
            self.buffer.clear()

    with Keeping(server.url) as emitter:
        track(Tracker("ns", emitter), "a", "b")
    assert (emitter.kept, server.requests) == (["a", "b"], [])


@pytest.mark.parametrize("kind", KINDS)
def test_both_timers_go_through_it(server, track, until, kind):
    class Counting(kind):  # type: ignore[misc, valid-type]
        flushes = 0

        def flush(self):
            self.flushes += 1
            super().flush()

    server.script.append(503)
    emitter = Counting(server.url, max_retry_delay_seconds=0.02)
    track(Tracker("ns", emitter), "a")
    emitter.set_flush_timer(0.02)
    until(lambda: emitter.stats()["sent"] == 1)
    assert emitter.flushes >= 2


MUTED = """
import sys
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[sys.argv[1]]
class Muted(kind):
    def flush(self):
        self.flushes = getattr(self, "flushes", 0) + 1
emitter = Muted(sys.argv[2], batch_size=2)
tracker = Tracker("ns", emitter)
for n in range(3):
    tracker.track(StructuredEvent("shop", "add", str(n)))
tracker.flush()
print(emitter.flushes)
"""


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_one_that_sends_nothing_stays_silent_to_the_end_of_the_program(server, kind):
    command = [sys.executable, "-c", MUTED, kind, server.url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=15, check=True)
    assert ended.stdout == "3\n"
    assert server.requests == []
