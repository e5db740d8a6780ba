"""Memory use stays constant however many events are tracked."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
from snowplow_tracker import Emitter, PageView, SelfDescribing, SelfDescribingJson, Tracker
from snowplow_tracker._stores.record_store import sink_of

class Inbox:
    def input(self, payload):
        pass

class Unknown:
    pass

emitter = Emitter("127.0.0.1:9", batch_size=10**9, buffer_capacity=10**9)
tracker = Tracker("ns", [emitter], json_encoder=lambda unknown: "known")
plain = Tracker("ns", [Inbox()], json_encoder=lambda unknown: "known")
failing = Tracker("ns", [emitter])

def work(rounds):
    for number in range(rounds):
        data = SelfDescribingJson("iglu:a/b/jsonschema/1-0-0", {"n": number, "u": Unknown()})
        event = SelfDescribing(data, context=[data])
        tracker.track(event)
        plain.track(event)
        tracker.track(PageView("u", context=[data]))
        if number % 10 == 0:
            try:
                failing.track(event)
            except TypeError:
                pass
        if number % 500 == 499:
            records = sink_of(emitter.event_store)
            records.ack(records.take(10**9, 10**9))

work(5_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
work(60_000)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert after < before * 1.1, f"peak memory grew from {before} to {after}"
"""


def test_tracking_180_000_events_takes_no_more_memory_than_15_000():
    pytest.importorskip("resource", reason="only POSIX tells the peak")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
