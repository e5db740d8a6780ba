"""A fork: what is buffered belongs to the parent, and the child tracks on its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from snowplow_tracker.collector import CollectorServer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")

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
