"""`flush_on_sigterm` in programs without a server, and pools of processes that are terminated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.servers.harness import write_program
from tests.support import ScriptedServer

from snowplow_tracker import Emitter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")

KINDS = ("Emitter", "AsyncEmitter")

PROGRAM = """
import os, signal, sys, threading, time
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker

def make(**settings):
    emitter = dict(Emitter=Emitter, AsyncEmitter=AsyncEmitter)[sys.argv[2]](sys.argv[1], **settings)
    return emitter, Tracker("ns", emitter)

def track(label):
    tracker.track(StructuredEvent("shop", "add", label))

def wait():
    print("ready", flush=True)
    threading.Event().wait(30)
"""


@pytest.fixture
def server():
    with ScriptedServer().serving() as running:
        yield running


@contextmanager
def started(server: ScriptedServer, kind: str, program: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program, which has begun to wait, until the block ends."""
    command = [sys.executable, "-c", PROGRAM + program, server.url, kind]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("kind", KINDS)
def test_the_events_in_memory_are_sent_and_the_signal_ends_the_program(server, kind):
    program = """
emitter, tracker = make(batch_size=10)
emitter.flush_on_sigterm()
for number in range(14):
    track(str(number))
wait()
"""
    with started(server, kind, program) as process:
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
    assert sorted(server.labels(), key=int) == [str(number) for number in range(14)]


def test_without_it_they_are_lost(server):
    with started(server, "Emitter", 'emitter, tracker = make()\ntrack("a")\nwait()') as process:
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
    assert server.labels() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_collector_that_hangs_delays_the_end_by_the_exit_timeout(server, kind):
    server.otherwise = "hang"
    program = """
emitter, tracker = make(exit_timeout=0.5)
emitter.flush_on_sigterm()
track("a")
wait()
"""
    with started(server, kind, program) as process:
        began = time.monotonic()
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
        assert time.monotonic() - began < 5
        assert process.stderr is not None
        assert "1 events were not delivered" in process.stderr.read()


def test_a_second_signal_ends_the_program_at_once(server):
    server.otherwise = "hang"
    program = """
emitter, tracker = make(exit_timeout=25)
emitter.flush_on_sigterm()
track("a")
wait()
"""
    with started(server, "Emitter", program) as process:
        began = time.monotonic()
        process.terminate()
        server.wait_for(1)
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
        assert time.monotonic() - began < 15


@pytest.mark.parametrize("kind", KINDS)
def test_it_may_come_in_the_middle_of_a_request(server, kind):
    began = threading.Event()
    go_on = threading.Event()

    def stall(_: object) -> int:
        began.set()
        assert go_on.wait(20)
        return 200

    server.script.append(stall)
    program = """
emitter, tracker = make(batch_size=2)
emitter.flush_on_sigterm()
print("ready", flush=True)
track("a")
track("b")
threading.Event().wait(30)
"""
    with started(server, kind, program) as process:
        assert began.wait(20)
        process.terminate()
        go_on.set()
        assert process.wait(20) == -signal.SIGTERM
    assert server.labels() == ["a", "b"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_handler_that_is_installed_decides_on_the_end(server, kind):
    program = """
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
emitter, tracker = make()
emitter.flush_on_sigterm()
track("before")
print("ready", flush=True)
ended.wait(30)
track("after")
os._exit(7)  # without exit handlers, as uvicorn ends
"""
    with started(server, kind, program) as process:
        process.terminate()
        assert process.wait(20) == 7
    assert server.labels() == ["before", "after"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_handler_that_exits_still_exits(server, kind):
    program = """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
emitter, tracker = make()
emitter.flush_on_sigterm()
track("a")
wait()
"""
    with started(server, kind, program) as process:
        process.terminate()
        assert process.wait(20) == 3
    assert server.labels() == ["a"]


def test_a_handler_of_ours_that_a_server_puts_back_ends_the_program(server):
    program = """
one, tracker = make()
one.flush_on_sigterm()
handled = threading.Event()
earlier = signal.signal(signal.SIGTERM, lambda *_: handled.set())
two, other = make()
two.flush_on_sigterm()
track("one")
other.track(StructuredEvent("shop", "add", "two"))
print("ready", flush=True)
handled.wait(30)
signal.signal(signal.SIGTERM, earlier)
signal.raise_signal(signal.SIGTERM)
threading.Event().wait(30)
"""
    with started(server, "Emitter", program) as process:
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
    assert sorted(server.labels()) == ["one", "two"]


def test_a_forked_child_delivers_its_own(server):
    program = """
emitter, tracker = make()
emitter.flush_on_sigterm()
track("parent")
child = os.fork()
if child == 0:
    track("child")
    print("ready", flush=True)
    threading.Event().wait(30)
    os._exit(1)
_, status = os.waitpid(child, 0)
tracker.close()
sys.exit(-os.waitstatus_to_exitcode(status))
"""
    with started(server, "Emitter", program) as process:
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.pid)],
            capture_output=True,
            text=True,
            check=True,
        )
        os.kill(int(children.stdout), signal.SIGTERM)
        assert process.wait(20) == signal.SIGTERM
    assert server.labels() == ["child", "parent"]


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Emitter("127.0.0.1") as emitter:
            emitter.flush_on_sigterm()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_on_another_thread_it_raises():
    raised: list[BaseException] = []

    def call() -> None:
        try:
            emitter.flush_on_sigterm()
        except ValueError as error:
            raised.append(error)

    with Emitter("127.0.0.1") as emitter:
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
    assert "main thread" in str(raised[0])


def run_pool(server: ScriptedServer, folder: Path, method: str, **replaced: str) -> list[str]:
    """Run the guide's program with a pool. Returns the labels of the events that came."""
    replaced["multiprocessing.Pool"] = f'multiprocessing.get_context("{method}").Pool'
    path = write_program("pool.py", folder, server.port, **replaced)
    done = subprocess.run(
        [sys.executable, path], capture_output=True, text=True, timeout=40, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(server.labels(), key=int)


@pytest.mark.processes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_of_the_guide_delivers(server, kind, method, tmp_path):
    labels = run_pool(server, tmp_path, method, Emitter=kind)
    assert labels == [str(number) for number in range(14)]


# Without these lines, the end of the block terminates the workers.
CLOSING = "        pool.close()\n        pool.join()\n"
TRACKING = "label=str(number)))"


@pytest.mark.processes
@pytest.mark.parametrize("kind", KINDS)
def test_a_terminated_pool_has_delivered_what_its_jobs_flushed(server, kind, tmp_path):
    flushing = f"{TRACKING}\n    tracker.flush()"
    replaced = {CLOSING: "", TRACKING: flushing, "Emitter": kind}
    labels = run_pool(server, tmp_path, "fork", **replaced)
    assert labels == [str(number) for number in range(14)]


@pytest.mark.processes
def test_a_terminated_pool_without_a_flush_loses_what_is_in_memory(server, tmp_path):
    few = {CLOSING: "", "range(14)": "range(4)"}
    assert run_pool(server, tmp_path, "fork", **few) == []
