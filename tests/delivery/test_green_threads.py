"""Green threads in the place of threads: gevent and eventlet, whenever they patch `threading`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from typing import Any

import pytest

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform == "win32", reason="a program of the tests forks"),
]

LIBRARIES = ["gevent", "eventlet"]


def need(library: str) -> None:
    """Skip a test without a library. Importing it here would hook this very process."""
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"no {library} here")


MOMENTS = ["before import", "after import", "after construction", "after sending", "after a fork"]

# After the patch, `threading.Thread` is a green thread.
START = """
import gc, os, signal, sys, warnings
signal.alarm(30)
warnings.simplefilter("ignore")
library, moment, kind, url = sys.argv[1:]
def patch_if(now):
    if now != moment:
        return
    if library == "gevent":
        from gevent import monkey
        monkey.patch_all()
    else:
        import eventlet
        eventlet.monkey_patch()
patch_if("before import")
import logging, threading, urllib.request
from snowplow_tracker import AsyncEmitter, Emitter, InMemoryEventStore, StructuredEvent, Tracker
from snowplow_tracker import logger
patch_if("after import")
logger.setLevel(logging.ERROR)
def track(tracker, *labels):
    return [tracker.track(StructuredEvent("shop", "add", str(label))) for label in labels]
def make(**settings):
    return {"Emitter": Emitter, "AsyncEmitter": AsyncEmitter}[kind](url, **settings)
def in_threads(work, arguments):
    threads = [threading.Thread(target=work, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    return threads
def join(threads):
    for thread in threads:
        thread.join()
"""

HANDLERS = (
    START
    + """
emitter = make(batch_size=5)
tracker = Tracker("ns", emitter)
patch_if("after construction")
if moment == "after sending":
    track(tracker, *["early"] * 5)
    tracker.flush()
    patch_if("after sending")
if moment == "after a fork":
    track(tracker, *["early"] * 5)
    tracker.flush()
    if child := os.fork():
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    signal.alarm(30)  # a child inherits none
    patch_if("after a fork")
handlers = in_threads(lambda n: track(tracker, n), range(23))
# The server responds to the first request only after this one.
urllib.request.urlopen(url + "/go").close()
join(handlers)
tracker.flush()
stats = emitter.stats()
assert stats["queued"] == stats["in_flight"] == stats["retried"] == 0, stats
track(tracker, "last")
"""
)


def run_program(program: str, *arguments: str) -> None:
    command = [sys.executable, "-c", program, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    # eventlet warns of locks that were created before the patch.
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr


class Gate:
    """Holds one POST up until a GET has come."""

    def __init__(self, held: int) -> None:
        self._posts_before = held
        self._opened = threading.Event()
        self.was_in_time = True

    def decide(self, request: Any) -> int:
        if request.method == "GET":
            self._opened.set()
        else:
            self._posts_before -= 1
            if self._posts_before == -1:
                self.was_in_time = self._opened.wait(10)
        return 200


def posted(server: Any) -> list[str]:
    requests = [request for request in server.requests if request.method == "POST"]
    return sorted(label for request in requests for label in request.labels)


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_others_go_on_and_all_arrives_whenever_the_patch_comes(server, library, moment, kind):
    need(library)
    is_early = moment in ("after sending", "after a fork")
    gate = Gate(held=1 if is_early else 0)
    server.otherwise = gate.decide
    run_program(HANDLERS, library, moment, kind, server.url)
    assert gate.was_in_time
    expected = [*map(str, range(23)), "last", *["early"] * 5 * is_early]
    assert posted(server) == sorted(expected)


WAYS = {
    "timer": """
emitter = make(batch_size=100)
tracker = Tracker("ns", emitter)
patch_if("after construction")
emitter.set_flush_timer(0.05)
track(tracker, "0", "1", "2")
urllib.request.urlopen(url + "/wait").close()
""",
    "retry": """
emitter = make(batch_size=3)
tracker = Tracker("ns", emitter)
patch_if("after construction")
track(tracker, "0", "1", "2")
urllib.request.urlopen(url + "/wait").close()
emitter.close()
assert emitter.stats()["sent"] == 3, emitter.stats()
""",
    "full store": """
emitter = make(batch_size=1, buffer_capacity=1, when_full="block")
tracker = Tracker("ns", emitter)
patch_if("after construction")
join(in_threads(lambda n: track(tracker, n), range(3)))
""",
    "dropped emitter": """
tracker = Tracker("ns", make(batch_size=100))
patch_if("after construction")
track(tracker, "0", "1", "2")
del tracker
gc.collect()
urllib.request.urlopen(url + "/wait").close()
""",
    "callback": """
def on_success(events):
    urllib.request.urlopen(url + "/go").close()
    assert emitter.stats()["sent"]
emitter = make(batch_size=1, on_success=on_success)
tracker = Tracker("ns", emitter)
patch_if("after construction")
join(in_threads(lambda n: track(tracker, n), range(3)))
tracker.flush()
assert emitter.stats()["sent"] == 3, emitter.stats()
""",
    "custom store": """
class Store(InMemoryEventStore):
    inside = 0
    def _call(self, method, *arguments):
        assert not self.inside
        self.inside += 1
        try:
            urllib.request.urlopen(url + "/go").close()
            return method(*arguments)
        finally:
            self.inside -= 1
    def add_event(self, payload):
        return self._call(super().add_event, payload)
    def get_events_batch(self):
        return self._call(super().get_events_batch)
emitter = make(batch_size=2, event_store=Store(logger))
tracker = Tracker("ns", emitter)
patch_if("after construction")
join(in_threads(lambda n: track(tracker, n), range(3)))
tracker.flush()
assert emitter.stats()["sent"] == 3, emitter.stats()
""",
}


class WaitForEvents:
    """Responds to GET /wait when three events have come by POST."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self._labels: list[str] = []
        self._have_come = threading.Event()

    def decide(self, request: Any) -> int:
        if request.target == "/wait":
            assert self._have_come.wait(15)
        if request.method == "POST":
            if self._statuses:
                return self._statuses.pop()
            self._labels += request.labels
            if len(self._labels) >= 3:
                self._have_come.set()
        return 200


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_whatever_waits_or_runs_later_works_in_green_threads(server, library, way, kind):
    need(library)
    server.otherwise = WaitForEvents(*[503] * (way == "retry")).decide
    run_program(START + WAYS[way], library, "after construction", kind, server.url)
    labels = posted(server)
    assert labels == (["0", "0", "1", "1", "2", "2"] if way == "retry" else ["0", "1", "2"])
