"""A target of this package: the tasks of a tracker, and those of its JSON writer and buffer."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.targets import tracker
from benches.targets.additions import with_addition
from benches.targets.internals import drain_buffer, record_buffer
from benches.targets.serve import serve
from benches.targets.writing import writing_tasks
from snowplow_tracker import _native

if TYPE_CHECKING:
    from snowplow_tracker._native import RecordBuffer

BODY_EVENTS, BODY_BYTES = 1_000_000, 1_000_000


def about() -> dict[str, Any]:
    """Return the version and build of this package, and whether the GIL is on."""
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    return {**tracker.about(), "build": Path(_native.__file__ or "").name, "gil": has_gil}


def memory(name: str, number: int, events: int) -> dict[str, int]:
    """Buffer events and return their bytes: allocated, resident, and in request bodies ("wire").

    Args:
        name: The kind of event: see `tracker.tracking`.
        number: Its number of contexts.
        events: How many events to buffer.
    """
    emitter = tracker.version_api.post_emitter()
    track, one_tracker = tracker.tracking(name, number), tracker.make_tracker(emitter, name)
    before = resident_bytes()
    for _ in range(events):
        track(one_tracker)
    buffer = record_buffer(emitter)
    resident = resident_bytes() - before
    return {"allocated": buffer.allocated, "resident": resident, "wire": wire_bytes(buffer)}


def wire_bytes(buffer: RecordBuffer) -> int:
    """Empty a buffer and return the bytes of the request bodies that its events would fill."""
    now = int(time.time() * 1000)
    return sum(len(batch.body(now)) for batch in drain_buffer(buffer, BODY_EVENTS, BODY_BYTES))


def resident_bytes() -> int:
    """Return the resident memory of this process, or 0 if the system does not report it."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def threads(
    count: int, is_shared: bool, shares_data: bool, name: str, number: int, events: int
) -> float:
    """Return the wall seconds that threads take, from their common start to the end of the last.

    Args:
        count: How many threads to start.
        is_shared: True for one tracker, False for a tracker each.
        shares_data: True if all threads pass the same dicts, False if each has its own.
        name: The kind of event: see `tracker.tracking`.
        number: Its number of contexts.
        events: How many events each thread tracks.
    """
    emitters = [tracker.version_api.post_emitter() for _ in range(1 if is_shared else count)]
    trackers = [tracker.make_tracker(emitter, name) for emitter in emitters]
    tracking = [tracker.tracking(name, number) for _ in range(1 if shares_data else count)]
    barrier = threading.Barrier(count + 1)

    def work(thread: int) -> None:
        own, track = trackers[thread % len(trackers)], tracking[thread % len(tracking)]
        barrier.wait()
        for _ in range(events):
            track(own)

    workers = [threading.Thread(target=work, args=(thread,)) for thread in range(count)]
    for worker in workers:
        worker.start()
    barrier.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - started
    for emitter in emitters:
        tracker.forget_events(emitter)
    return seconds


if __name__ == "__main__":
    serve(
        tracker.TASKS
        | writing_tasks(_native.dumps)
        | {"about": about, "memory": memory, "threads": threads, "with_addition": with_addition}
    )
