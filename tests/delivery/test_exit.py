"""Buffered events are delivered at exit, within a time limit."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.processes

KINDS = ["Emitter", "AsyncEmitter"]

PROGRAM = """
import sys
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, url, method, end = sys.argv[1:]
emitter = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url, method=method, batch_size=10)
tracker = Tracker("ns", emitter)
for n in range(3):
    tracker.track(StructuredEvent("shop", "add", str(n)))
exec(end)
"""


def run_program(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a program's text in an interpreter of its own."""
    command = [sys.executable, "-W", "error", "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)


@pytest.fixture
def silent_port():
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("method", "end", "status"),
    [("post", "", 0), ("get", "sys.exit(3)", 3), ("post", "raise ValueError('mine')", 1)],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_program_that_never_flushes_delivers(collector, kind, method, end, status):
    ended = run_program(PROGRAM, kind, collector.url, method, end)
    assert ended.returncode == status, ended.stderr
    assert collector.journal.counts() == {"total": 3, "good": 3, "bad": 0}
    assert ("mine" in ended.stderr) == (status == 1)
    assert status == 1 or not ended.stderr


LATE = """
import atexit, sys
def first_registered():
    say("registered before the import")
atexit.register(first_registered)
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
atexit.register(lambda: say("registered before the emitter"))
kind, url = sys.argv[1:]
emitter = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url)
tracker = Tracker("ns", emitter)
atexit.register(lambda: say("registered last"))
def say(label):
    tracker.track(StructuredEvent("shop", "add", label))
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("busy", ["", "say('tracked before the end'); tracker.flush()"])
def test_events_of_exit_handlers_are_delivered(collector, kind, busy):
    ended = run_program(LATE + busy, kind, collector.url)
    assert ended.returncode == 0
    labels = {row["event"]["se_label"] for row in collector.journal.good()}
    assert labels - {"tracked before the end"} == {
        "registered before the import",
        "registered before the emitter",
        "registered last",
    }
    assert not ended.stderr


LATER_STILL = """
import atexit, sys
def make_an_emitter():
    tracker = Tracker("late", dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url))
    tracker.track(StructuredEvent("shop", "add", "late"))
atexit.register(make_an_emitter)
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, url = sys.argv[1:]
"""


@pytest.mark.parametrize("kind", KINDS)
def test_an_emitter_made_in_an_exit_handler_delivers(collector, kind):
    ended = run_program(LATER_STILL, kind, collector.url)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert collector.journal.counts()["good"] == 1


DEAD = """
import sys, time
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, method, seconds, *urls = sys.argv[1:]
kind = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind]
settings = dict(method=method, batch_size=9999, exit_timeout=float(seconds))
emitters = [kind(url, **settings) for url in urls]
tracker = Tracker("ns", emitters)
for n in range(1000):
    tracker.track(StructuredEvent("shop", "add", str(n)))
print(time.monotonic())
"""


def run_dead(*arguments: object) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run `DEAD`. Return also the seconds from its last statement to the end of its process."""
    ended = run_program(DEAD, *arguments)
    return ended, time.monotonic() - float(ended.stdout)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize("collector_is", ["refusing", "silent"])
def test_a_dead_collector_delays_the_end_by_no_more_than_the_exit_timeout(
    silent_port, kind, method, collector_is
):
    url = f"http://127.0.0.1:{silent_port if collector_is == 'silent' else 9}"
    ended, seconds = run_dead(kind, method, 1, url)
    assert seconds < 3
    assert ended.returncode == 0
    assert "1000 events were not delivered" in ended.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_several_emitters_share_the_time_and_the_live_one_delivers(collector, silent_port, kind):
    silent = f"http://127.0.0.1:{silent_port}"
    ended, seconds = run_dead(kind, "post", 3, silent, collector.url, silent)
    assert seconds < 6
    assert ended.returncode == 0
    assert collector.journal.counts()["good"] == 1000


THREADS = """
import sys, threading
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, url, *ids = sys.argv[1:]
emitter = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url, batch_size=50)
tracker = Tracker("ns", emitter)
begun = threading.Barrier(4)
def track_on_and_on():
    begun.wait()
    while True:
        tracker.track(StructuredEvent("shop", "add", "a"))
        threading.Event().wait(0.001)
for _ in range(3):
    threading.Thread(target=track_on_and_on, daemon=True).start()
begun.wait()
ids = [tracker.track(StructuredEvent("shop", "add", "main")) for _ in range(120)]
sys.exit(4)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_threads_that_go_on_tracking_cost_the_main_thread_nothing(collector, kind):
    ended = run_program(THREADS, kind, collector.url)
    assert ended.returncode == 4, ended.stderr
    labels = [row["event"]["se_label"] for row in collector.journal.good()]
    assert labels.count("main") == 120


IN_THE_PROGRAMS_CODE = """
import sys, threading, time
from snowplow_tracker import Emitter, PageView, SelfDescribing, SelfDescribingJson, Subject, Tracker
kind = sys.argv[1]
begun, sleep = threading.Event(), time.sleep
def answer(value):
    begun.set()
    sleep(0.001)
    return value
class Text:
    def __str__(self):
        return answer("text")
class Mapping(dict):
    def items(self):
        return answer(super().items())
class Person(Subject):
    standard_nv_pairs = property(lambda self: answer({"uid": "u"}), lambda self, pairs: None)
subject = Person() if kind == "property" else Subject()
tracker = Tracker("ns", Emitter("127.0.0.1:9", batch_size=10**9), subject)
if kind == "clock":
    time.time = lambda: answer(5.0)
elif kind == "text":
    tracker.standard_nv_pairs["own"] = Text()
elif kind == "encoder":
    tracker.json_encoder = lambda value: answer("encoded")
data = {"a": Mapping(b=1) if kind == "mapping" else 1j if kind == "encoder" else 1}
def track_on_and_on():
    while True:
        tracker.track(SelfDescribing(SelfDescribingJson("iglu:com.acme/a/jsonschema/1-0-0", data)))
for _ in range(3):
    threading.Thread(target=track_on_and_on, daemon=True).start()
assert begun.wait(20)
from snowplow_tracker._stores.record_store import sink_of
sink_of(tracker.emitters[0].event_store).clear()
sys.exit(4)
"""


@pytest.mark.parametrize("kind", ["clock", "text", "encoder", "mapping", "property"])
def test_a_daemon_thread_inside_the_programs_code_does_not_end_the_process(kind):
    ended = run_program(IN_THE_PROGRAMS_CODE, kind)
    assert ended.returncode == 4, ended.stderr


DROPPED = """
import sys
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, url = sys.argv[1:3]
def work():
    tracker = Tracker("ns", dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url))
    tracker.track(StructuredEvent("shop", "add", "a"))
    del tracker
work()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_tracker_held_that_was_dropped_just_before_the_end_is_delivered(collector, kind):
    ended = run_program(DROPPED, kind, collector.url)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert collector.journal.counts()["good"] == 1


FORGOTTEN = (
    DROPPED
    + """
import gc, time
gc.collect()
time.sleep(float(sys.argv[3]))
"""
)


@pytest.mark.parametrize("seconds", [0, 0.01])
@pytest.mark.parametrize("kind", KINDS)
def test_the_end_waits_for_an_emitter_that_a_collection_has_begun_to_close(
    collector, kind, seconds
):
    assert run_program(FORGOTTEN, kind, collector.url, seconds).returncode == 0
    assert collector.journal.counts()["good"] == 1


HELD_BACK = PROGRAM + "tracker.flush(); tracker.track(StructuredEvent('shop', 'add', 'more'))"


@pytest.mark.parametrize("kind", KINDS)
def test_a_retry_after_holds_to_the_end_and_what_is_left_is_logged(server, kind):
    server.otherwise = 503, {"Retry-After": "60"}
    ended = run_program(HELD_BACK, kind, server.url, "post", "")
    assert ended.returncode == 0
    assert len(server.requests) == 1
    assert "4 events were not delivered: HTTP 503" in ended.stderr


LOGS_TO_A_FILE = """
import sys
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
import logging
kind, url, path = sys.argv[1:]
logging.basicConfig(filename=path, filemode="w")
tracker = Tracker("ns", dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url))
tracker.track(StructuredEvent("shop", "add", "label"))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_is_logged_before_the_log_files_are_closed(server, tmp_path, kind):
    server.otherwise = 503, {}
    log = tmp_path / "program.log"
    ended = run_program(LOGS_TO_A_FILE, kind, server.url, str(log))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "1 events were not delivered" in log.read_text(encoding="utf-8")


LATE_AND_HELD_BACK = """
import atexit, sys
atexit.register(lambda: tracker.track(StructuredEvent("shop", "add", "late")))
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, url = sys.argv[1:]
tracker = Tracker("ns", dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url, batch_size=1))
tracker.track(StructuredEvent("shop", "add", "first"))
tracker.flush()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_of_an_exit_handler_that_is_held_back_is_logged(server, kind):
    server.otherwise = 503, {"Retry-After": "60"}
    ended = run_program(LATE_AND_HELD_BACK, kind, server.url)
    assert (ended.returncode, len(server.requests)) == (0, 1)
    assert "2 events were not delivered" in ended.stderr
