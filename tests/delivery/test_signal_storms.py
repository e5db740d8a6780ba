"""Storms of signals whose handlers track, flush, close and read, while other threads do so, too."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter

import pytest

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="signals of POSIX"),
]

# It ends by SIGALRM's default action if it hangs.
PROGRAM = """
import itertools, os, signal, sys, threading, time
import snowplow_tracker
from snowplow_tracker import SQLiteEventStore, StructuredEvent, Tracker

kind, store, action, url, path = sys.argv[1:]


class OwnStore:
    def __init__(self):
        self.lock, self.events = threading.Lock(), []

    def add_event(self, payload):
        with self.lock:
            self.events.append(payload)
            return True

    def get_events_batch(self):
        with self.lock:
            events, self.events = self.events, []
            return events

    def cleanup(self, batch, need_retry):
        with self.lock:
            self.events[:0] = batch if need_retry else []

    def size(self):
        with self.lock:
            return len(self.events)


settings = {}
if store == "dicts":
    settings["byte_limit"] = 10**9
if store == "SQLite":
    settings["event_store"] = SQLiteEventStore(path)
elif store == "own":
    settings["event_store"] = OwnStore()
emitter = getattr(snowplow_tracker, kind)(
    url, batch_size=5, max_retry_delay_seconds=0.02, exit_timeout=20, **settings
)
tracker = Tracker("ns", emitter)
numbers, tracked = itertools.count(), []


def track():
    number = next(numbers)
    tracker.track(StructuredEvent("shop", "add", str(number)))
    tracked.append(number)


def read():
    stats = emitter.stats()
    assert stats["dropped"] == 0, stats
    if store in ("records", "dicts"):
        emitter.event_store.event_buffer


def handle(*_):
    global handled
    handled += 1
    track()
    if action == "flush":
        emitter.flush()
    if action == "close" and handled > 100:
        tracker.close()
    if action == "read":
        read()
        tracker.flush(is_async=handled % 2 == 0)


def work():
    while handled < 150:
        track()
        emitter.flush() if action == "flush" else emitter.stats()
        time.sleep(0.001)


handled = 0
signal.alarm(45)
signal.signal(signal.SIGUSR1, handle)
signal.signal(signal.SIGVTALRM, handle)
main = threading.main_thread().ident
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()


def storm():
    while handled < 150:
        signal.pthread_kill(main, signal.SIGUSR1)
        time.sleep(0.0007)


threads.append(threading.Thread(target=storm))
threads[-1].start()
signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
while handled < 150:
    track()
    emitter.stats()
    emitter.set_flush_timer(100)
    emitter.cancel_flush_timer()
signal.setitimer(signal.ITIMER_VIRTUAL, 0)
for thread in threads:
    thread.join()
while action != "close" and emitter.stats()["queued"]:
    tracker.flush()
tracker.close()
stats = emitter.stats()
# What another thread stores during `close` may stay on disk, for the next run.
left = stats["queued"] if store == "SQLite" and action == "close" else 0
assert stats["sent"] + stats["dropped"] + left == stats["tracked"], stats
assert stats["tracked"] == len(tracked), (stats, len(tracked))
assert action == "close" or not stats["dropped"]
print(stats["sent"])
"""


@pytest.mark.parametrize("action", ["flush", "read", "close"])
@pytest.mark.parametrize("store", ["records", "dicts", "SQLite", "own"])
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_all_is_delivered_once(server, tmp_path, kind, store, action):
    responses = Counter[int]()

    def fails(number: int) -> bool:
        return number % 7 == 3 and action != "close"  # which sends once: what fails then stays

    def fail_now_and_then(_: object) -> int:
        responses.update([0])
        return 503 if fails(responses[0]) else 200

    server.otherwise = fail_now_and_then
    command = [sys.executable, "-c", PROGRAM, kind, store, action, server.url]
    ended = subprocess.run(
        [*command, str(tmp_path / "events.db")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    accepted = [request for number, request in enumerate(server.requests, 1) if not fails(number)]
    labels = Counter(label for request in accepted for label in request.labels)
    assert len(labels) == int(ended.stdout)
    assert set(labels.values()) == {1}
