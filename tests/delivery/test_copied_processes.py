"""Processes that C code copies, without Python's fork hooks: uWSGI by default, for example."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform == "win32", reason="the system cannot fork"),
]

# `PyDLL` keeps the GIL, as C code in the middle of a fork does.
START = """
import ctypes, os, signal, sys
signal.alarm(30)
from snowplow_tracker import AsyncEmitter, Emitter, SQLiteEventStore, StructuredEvent, Tracker
kind, url, *rest = sys.argv[1:]
libc = ctypes.PyDLL(None)
def fork(work):
    child = libc.fork()
    if not child:
        signal.alarm(20)
        status = 1
        try:
            work()
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
def make(**settings):
    return {"Emitter": Emitter, "AsyncEmitter": AsyncEmitter}[kind](url, **settings)
def track(*labels):
    return [tracker.track(StructuredEvent("shop", "add", label)) for label in labels]
"""

TRACKS = (
    START
    + """
emitter = make(batch_size=100)
tracker = Tracker("ns", emitter)
track("sent before")
tracker.flush()
track("parent", "parent")
def child():
    track("child", "child")
    stats = emitter.stats()
    assert (stats["tracked"], stats["queued"]) == (2, 2), stats
    tracker.flush()
    assert emitter.stats()["sent"] == 2
fork(child)
fork(child)
track("parent")
"""
)

# What a child may do first. None of it may send what its parent has buffered.
FIRST = {
    "flush": "tracker.flush()",
    "async flush": "emitter.flush(); emitter.close()",
    "stats": "assert emitter.stats()['tracked'] == 0",
    "buffer": "assert emitter.buffer == []",
    "close": "emitter.close()",
    "input": "emitter.input({'e': 'se', 'se_la': 'child', 'se_ca': 'a', 'se_ac': 'b'})",
    "timer": "emitter.set_flush_timer(0.01, True); emitter.close()",
    "drop": "global emitter, tracker; del emitter, tracker; import gc; gc.collect()",
    "exit": "import atexit; atexit._run_exitfuncs()",
}

DOES_FIRST = (
    START
    + """
emitter = make(batch_size=100)
tracker = Tracker("ns", emitter)
track("parent")
def child():
    {first}
fork(child)
"""
)

TIMER = (
    START
    + """
import urllib.request
emitter = make(batch_size=100)
tracker = Tracker("ns", emitter)
emitter.set_flush_timer(0.05)
def child():
    track("child")
    urllib.request.urlopen(url + "/wait").close()
fork(child)
"""
)

IDS = (
    START
    + """
class Keep:
    def input(self, payload):
        pass
tracker = Tracker("ns", Keep())
track("warm-up")
def child():
    print(*track(*map(str, range(5))), flush=True)
fork(child)
fork(child)
print(*track(*map(str, range(5))))
"""
)

DURABLE = (
    START
    + """
import logging
store = SQLiteEventStore(rest[0])
emitter = make(batch_size=100, event_store=store)
tracker = Tracker("ns", emitter)
def child():
    track("child")
    tracker.flush()
    assert emitter.stats()["sent"] == 1
fork(child)
track("parent")
"""
)


def run_program(program: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def labels_of(server: Any) -> list[str]:
    events = [event for request in server.requests for event in request.events]
    assert len({event["eid"] for event in events}) == len(events)
    return sorted(server.labels())


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_a_copy_starts_empty_and_delivers_its_own_events(server, kind):
    run_program(TRACKS, kind, server.url)
    assert labels_of(server) == [*["child"] * 4, *["parent"] * 3, "sent before"]


@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
@pytest.mark.parametrize("first", FIRST)
def test_whatever_a_copy_does_first_it_does_not_send_its_parents_events(server, kind, first):
    run_program(DOES_FIRST.replace("{first}", FIRST[first]), kind, server.url)
    assert server.labels().count("parent") == 1


def test_a_periodic_timer_goes_on_in_a_copy(server):
    def decide(request: Any) -> int:
        if request.target == "/wait":
            wait_until(lambda: any(request.method == "POST" for request in server.requests))
        return 200

    server.otherwise = decide
    run_program(TIMER, "Emitter", server.url)


def test_ids_differ_in_all_copies(server):
    ids = run_program(IDS, "Emitter", server.url).split()
    assert len(set(ids)) == len(ids) == 15


def test_a_durable_store_that_was_not_used_yet_works_in_a_copy(server, tmp_path):
    run_program(DURABLE, "Emitter", server.url, str(tmp_path / "events.db"))
    assert labels_of(server) == ["child", "parent"]


# --- uWSGI

APPLICATION = """
import os
from snowplow_tracker import AsyncEmitter, Emitter, StructuredEvent, Tracker
kind = {"Emitter": Emitter, "AsyncEmitter": AsyncEmitter}[os.environ["KIND"]]
tracker = Tracker("ns", kind(os.environ["COLLECTOR"], batch_size=2))
tracker.track(StructuredEvent("shop", "add", "boot"))
tracker.flush()
tracker.track(StructuredEvent("shop", "add", "boot"))
def application(environ, start_response):
    event_id = tracker.track(StructuredEvent("shop", "add", environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    return [f"{event_id} {os.getpid()}".encode()]
"""

QUIET = """
import os
from snowplow_tracker import Emitter, StructuredEvent, Tracker
tracker = Tracker("ns", Emitter(os.environ["COLLECTOR"]))
def application(environ, start_response):
    tracker.track(StructuredEvent("shop", "add", "only"))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    return [b"tracked"]
"""


def _uwsgi() -> str:
    beside = Path(sys.executable).with_name("uwsgi")
    found = str(beside) if beside.exists() else shutil.which("uwsgi")
    if found is None:
        pytest.skip("uWSGI is not installed")
    return found


@pytest.mark.timeout(180)
@pytest.mark.parametrize("options", [[], ["--enable-threads"], ["--lazy-apps"]], ids=str)
@pytest.mark.parametrize("kind", ["Emitter", "AsyncEmitter"])
def test_workers_of_uwsgi_deliver_each_event_once(server, tmp_path, kind, options):
    environment = {"KIND": kind, "COLLECTOR": server.url}
    with (
        _workers(3, APPLICATION, tmp_path, environment, *options) as port,
        ThreadPoolExecutor(4) as pool,
    ):
        answers = list(pool.map(lambda n: _get(port, n), range(30)))
    log = (tmp_path / "log").read_text()
    ids = [answer.split()[0] for answer in answers]
    assert len(set(ids)) == 30, log
    labels = [label for label in labels_of(server) if label != "boot"]
    assert labels == sorted(map(str, range(30))), log


@pytest.mark.timeout(180)
def test_a_worker_of_uwsgi_may_send_for_the_first_time_at_its_end(server, tmp_path):
    log = tmp_path / "log"
    with _workers(1, QUIET, tmp_path, {"COLLECTOR": server.url}, "--lazy-apps") as port:
        assert _get(port, 0) == "tracked"
        # SIGTERM in the middle of a request, which it still is after the response, ends it at once.
        wait_until(lambda: "GET /?0" in log.read_text(), 30)
    assert labels_of(server) == ["only"], log.read_text()


@contextmanager
def _workers(
    count: int, program: str, folder: Path, environment: dict[str, str], *options: str
) -> Iterator[int]:
    """Run a program in workers of uWSGI until the block ends. Yields the port."""
    (folder / "application.py").write_text(program)
    log = folder / "log"
    command = [_uwsgi(), "--master", "--processes", str(count), "--need-app", "--die-on-term"]
    command += ["--http-socket", "127.0.0.1:0", "--wsgi-file", "application.py", *options]
    command += ["--virtualenv", sys.prefix, "--pythonpath", str(_package_folder())]
    environment = {**environment, "PATH": "/usr/bin:/bin"}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output
        ) as master,
    ):
        try:
            # With lazy-apps, uWSGI forgets a signal for a worker that is loading the program.
            programs = count if "--lazy-apps" in options else 1
            wait_until(lambda: log.read_text().count("ready in") >= programs, 30)
            yield _port(log, count)
        finally:
            master.terminate()
            master.wait(30)


def _package_folder() -> Path:
    import snowplow_tracker  # noqa: PLC0415

    return Path(snowplow_tracker.__file__).parents[1]


def _port(log: Path, workers: int) -> int:
    found: list[str] = []

    def has_started() -> bool:
        text = log.read_text()
        found[:] = re.findall(r"bound to TCP address 127\.0\.0\.1:(\d+)", text)
        return bool(found) and text.count("spawned uWSGI worker") == workers

    wait_until(has_started, 30)
    return int(found[0])


def _get(port: int, number: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/?{number}", timeout=20) as response:
        return str(response.read().decode())
