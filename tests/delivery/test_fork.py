"""Fork: buffered events stay with the parent, and the child tracks on its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from snowplow_tracker.collector import CollectorServer

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork"),
]

START = """
import multiprocessing, os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, url = sys.argv[1:]
emitter = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind](url, byte_limit=900_000)
tracker = Tracker("ns", emitter)
def track(*labels):
    return [tracker.track(StructuredEvent("shop", "add", label)) for label in labels]
track("sent before")
tracker.flush()
track("parent", "parent")
"""

FORK = (
    START
    + """
child = os.fork()
if not child:
    assert emitter.stats()["tracked"] == 0
    track("child", "child", "child")
    tracker.flush()
    track("child's last")
    sys.exit(0)
_, status = os.waitpid(child, 0)
track("parent")
sys.exit(os.waitstatus_to_exitcode(status))
"""
)

BYTES = (
    START
    + """
child = os.fork()
if not child:
    os._exit(emitter.bytes_queued != 0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
)

CLOSED = (
    START
    + """
emitter.close()
child = os.fork()
if not child:
    track("child")
    sys.exit(0)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""
)

PROCESS = (
    START
    + """
def work(end):
    track("child")
    exec(end)
for end in ("tracker.flush()", ""):
    process = multiprocessing.get_context("fork").Process(target=work, args=(end,))
    process.start()
    process.join()
    assert process.exitcode == 0
"""
)


def run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program's text in an interpreter of its own."""
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)


def labels_of(collector: CollectorServer) -> list[str]:
    rows = [row["event"] for row in collector.journal.good()]
    assert len({row["event_id"] for row in rows}) == len(rows)
    return sorted(row["se_label"] for row in rows)


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_a_child_starts_empty_and_delivers_its_own_events(collector, kind):
    ended = run_program(FORK, kind, collector.url)
    assert ended.returncode == 0, ended.stderr
    expected = ["sent before", *["parent"] * 3, *["child"] * 3, "child's last"]
    assert labels_of(collector) == sorted(expected)


def test_a_child_counts_its_bytes_from_zero(collector):
    ended = run_program(BYTES, "Emitter", collector.url)
    assert ended.returncode == 0, ended.stderr


def test_a_closed_emitter_stays_closed_in_a_child(collector):
    ended = run_program(CLOSED, "Emitter", collector.url)
    assert ended.returncode == 0, ended.stderr
    assert labels_of(collector) == ["parent", "parent", "sent before"]


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_processes_of_multiprocessing_deliver_flushed_or_not(collector, kind):
    ended = run_program(PROCESS, kind, collector.url)
    assert ended.returncode == 0, ended.stderr
    assert labels_of(collector) == ["child", "child", "parent", "parent", "sent before"]


IN_THE_MIDDLE = """
import os, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import requests
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind, given, url = sys.argv[1:]
session = requests.Session() if given else None
kind = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[kind]
emitter = kind(url, batch_size=2, session=session, when_full="block")
tracker = Tracker("ns", emitter)
def track(*labels):
    return [tracker.track(StructuredEvent("shop", "add", label)) for label in labels]
sending = threading.Thread(target=track, args=("parent", "parent"))
sending.start()
sys.stdin.read(1)
child = os.fork()
if not child:
    track("child", "child", "child")
    tracker.flush()
    assert emitter.stats()["sent"] == 3
    os._exit(0)
_, status = os.waitpid(child, 0)
print("child is done", flush=True)
sending.join()
tracker.flush()
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
@pytest.mark.parametrize("given", ["", "session"])
def test_a_fork_in_the_middle_of_a_send_disturbs_neither_side(server, kind, given):
    server.script.append(lambda _: server.released.wait(10) and 200)
    command = [sys.executable, "-c", IN_THE_MIDDLE, kind, given, server.url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as parent:
        server.wait_for(1)
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write("x")
        parent.stdin.flush()
        assert parent.stdout.readline() == "child is done\n"
        server.released.set()
        _, errors = parent.communicate(timeout=15)
    assert (parent.returncode, errors) == (0, "")
    assert sorted(server.labels()) == ["child", "child", "child", "parent", "parent"]
    assert len({event["eid"] for request in server.requests for event in request.events}) == 5


WITH_METHOD = """
import multiprocessing, sys
from snowplow_tracker import Emitter, StructuredEvent, Tracker
def work(url):
    tracker = Tracker("ns", Emitter(url))
    for n in range(3):
        tracker.track(StructuredEvent("shop", "add", str(n)))
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    process = context.Process(target=work, args=(sys.argv[2],))
    process.start()
    process.join()
    sys.exit(process.exitcode)
"""


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_a_process_that_never_flushes_delivers_however_it_is_started(tmp_path, collector, method):
    program = tmp_path / "program.py"
    program.write_text(WITH_METHOD)
    command = [sys.executable, str(program), method, collector.url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
    assert labels_of(collector) == ["0", "1", "2"]


BACKING_OFF = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from snowplow_tracker import Emitter, StructuredEvent, Tracker
emitter = Emitter(sys.argv[2], batch_size=1, max_retry_delay_seconds=1000)
tracker = Tracker("ns", emitter)
tracker.track(StructuredEvent("shop", "add", "parent"))
assert emitter.retry_timer.is_active()
child = os.fork()
if not child:
    assert not emitter.retry_timer.is_active() and emitter.retry_delay == 0
    tracker.track(StructuredEvent("shop", "add", "child"))
    os._exit(emitter.stats()["sent"] != 1)
emitter.buffer.clear()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_does_not_inherit_the_parents_delay(server):
    server.script.append((503, {"Retry-After": "60"}))
    ended = run_program(BACKING_OFF, "Emitter", server.url)
    assert ended.returncode == 0, ended.stderr
    assert server.labels() == ["parent", "child"]


SHARED = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import requests
from snowplow_tracker import Emitter, StructuredEvent, Tracker
tracker = Tracker("ns", Emitter(sys.argv[1], session=requests.Session()))
def send(label):
    tracker.track(StructuredEvent("shop", "add", label))
    tracker.flush()
send("parent")
child = os.fork()
send("parent" if child else "child")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else 0)
"""


def test_a_child_does_not_write_to_a_connection_of_a_given_session(server):
    ended = run_program(SHARED, server.url)
    assert ended.returncode == 0, ended.stderr
    assert sorted(server.labels()) == ["child", "parent", "parent"]
    assert server.connections == 2
