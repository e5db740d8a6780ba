"""Signal handlers track and flush while buffered events are read, and other threads track."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="signals of POSIX")

# The first read turns all records into dicts, which takes long enough to be interrupted.
PROGRAM = """
import signal, sys, threading
from snowplow_tracker import Emitter, PageView, Tracker

tracked = 0
for turn in range(5):
    emitter = Emitter("127.0.0.1:9", protocol="http", batch_size=10**9, buffer_capacity=10**6,
                      exit_timeout=0)
    tracker = Tracker("ns", emitter)
    for _ in range(20_000):
        tracker.track(PageView("http://x/"))
    emitter.byte_limit = 10**12  # events take the path of a dict
    stop, handled = threading.Event(), 0

    def work():
        while not stop.is_set():
            tracker.track(PageView("http://thread/"))

    def handle(*_):
        global handled
        handled += 1
        tracker.track(PageView("http://signal/"))
        if sys.argv[2] == "flushes":
            emitter.flush()

    signal.signal(signal.SIGALRM, handle)
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.002)
    before = len(emitter.buffer if sys.argv[1] == "buffer" else emitter.event_store.event_buffer)
    signal.setitimer(signal.ITIMER_REAL, 0)
    stop.set()
    thread.join()
    tracked += handled
    stats = emitter.stats()
    assert stats["queued"] == stats["tracked"] > 20_000 and not stats["dropped"], stats
    emitter.event_store.event_buffer.clear()
assert tracked
"""


@pytest.mark.parametrize("handler", ["tracks", "flushes"])
@pytest.mark.parametrize("read", ["buffer", "event_buffer"])
def test_none_waits_for_another_for_ever(read, handler):
    subprocess.run([sys.executable, "-c", PROGRAM, read, handler], timeout=60, check=True)
