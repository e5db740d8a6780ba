"""Exhausted memory is a MemoryError, never the end of the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from snowplow_tracker import Emitter, SelfDescribing, SelfDescribingJson, Tracker

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and RLIMIT_AS"),
]

PROGRAM = Path(__file__).with_name("memory_limit_program.py")
WAYS = ["text", "base64", "escapes", "surrogates", "list", "endless_iterator"]
WAYS += ["items", "contexts", "full_buffer", "body", "request_bodies"]
ENOUGH = 3


def status(way: str, mib: int) -> int:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), way, str(mib * 1024)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode in {0, ENOUGH}, f"{way} with {mib} MiB: {done.stderr}"
    return done.returncode


@pytest.mark.parametrize("way", WAYS)
def test_too_little_memory_is_a_memory_error(way):
    assert status(way, 10) == 0


@pytest.mark.parametrize("mib", [30, 60, 90, 130, 170, 210])
@pytest.mark.parametrize("way", ["text", "base64", "escapes", "request_bodies"])
def test_wherever_memory_ends_the_process_goes_on(way, mib):
    status(way, mib)


def raise_memory_error(_: object) -> object:
    raise MemoryError


def test_an_event_that_ends_in_a_memory_error_counts_as_dropped():
    emitter = Emitter("127.0.0.1:9", batch_size=10)
    tracker = Tracker("ns", emitter, json_encoder=raise_memory_error)
    data = SelfDescribingJson("iglu:com.acme/order/jsonschema/1-0-0", {"unknown": object()})
    with pytest.raises(MemoryError):
        tracker.track(SelfDescribing(data))
    stats = emitter.stats()
    assert (stats["dropped"], stats["queued"]) == (1, 0)
