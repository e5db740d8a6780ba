"""A program that tracks log records as events: delivery writes log records itself."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker

PROGRAM = """
import atexit, logging, signal, sys
if hasattr(signal, "alarm"):
    signal.alarm(30)
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, url, size = sys.argv[1:4]
class ToTracker(logging.Handler):
    seen = 0
    def emit(self, record):
        self.seen += 1
        tracker.track(StructuredEvent("log", record.levelname, record.name))
def fail(*_):
    raise ValueError("a callback that fails")
emitter = {"Emitter": Emitter, "AsyncEmitter": AsyncEmitter}[kind](
    url, batch_size=int(size), on_success=fail, on_failure=fail, max_retry_delay_seconds=0
)
tracker = Tracker("logs", emitter)
handler = ToTracker()
logging.basicConfig(level=logging.DEBUG, handlers=[handler])
for number in range(3):
    logging.getLogger("shop").info("order %d", number)
tracker.flush()
# The last delivery comes afterwards: this package's exit handler was registered first.
atexit.register(lambda: print(handler.seen, flush=True))
"""


@pytest.mark.processes
@pytest.mark.parametrize("status", [200, 400, 503])
@pytest.mark.parametrize("size", [1, 10])
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_log_records_do_not_feed_themselves(server, kind, size, status):
    server.otherwise = status
    command = [sys.executable, "-c", PROGRAM, kind, server.url, str(size)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) < 100
    if status == 200:
        assert server.labels().count("shop") == 3
    assert len(server.requests) < 50


class _ToTracker(logging.Handler):
    def __init__(self, tracker: Tracker) -> None:
        super().__init__(logging.DEBUG)
        self.tracker = tracker

    def emit(self, record: logging.LogRecord) -> None:
        self.tracker.track(StructuredEvent("log", record.levelname, record.name))


@pytest.mark.parametrize("kind", [Emitter, AsyncEmitter])
def test_records_about_delivery_wait_for_the_next_flush(server, track, kind):
    emitter = kind(server.url, batch_size=1)
    tracker = Tracker("ns", emitter)
    handler, log = _ToTracker(tracker), logging.getLogger("urllib3.connectionpool")
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        track(tracker, "shop")
        tracker.flush()
        assert server.labels().count("shop") == 1
        about_delivery = emitter.stats()["queued"]
    finally:
        log.removeHandler(handler)
        log.setLevel(before)
    tracker.flush()
    assert emitter.stats()["queued"] == 0
    assert server.labels().count("urllib3.connectionpool") >= about_delivery > 0


def test_a_callback_that_tracks_still_completes_a_batch(server, track, until):
    labels = ["from a callback"]

    def on_success(_: object) -> None:
        while labels:
            track(tracker, labels.pop())

    tracker = Tracker("ns", Emitter(server.url, batch_size=1, on_success=on_success))
    track(tracker, "shop")
    until(lambda: server.labels() == ["shop", "from a callback"])
