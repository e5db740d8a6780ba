"""The target of this package, with what only it has: its JSON writer, buffer and threads."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.targets import tracker
from benches.targets.serve import serve
from benches.targets.writing import writing_tasks
from snowplow_tracker import _native

if TYPE_CHECKING:
    from snowplow_tracker._native import RecordBuffer


def about() -> dict[str, Any]:
    """Return which build this is, and whether it runs without the GIL."""
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    return {**tracker.about(), "build": Path(_native.__file__ or "").name, "gil": has_gil}


def memory(name: str, number: int, events: int) -> dict[str, int]:
    """Return bytes of so many buffered events: allocated, on the wire, and resident."""
    emitter = tracker.version_api.post_emitter()
    track, one_tracker = tracker.tracking(name, number), tracker.make_tracker(emitter, name)
    before = resident_bytes()
    for _ in range(events):
        track(one_tracker)
    records: RecordBuffer = emitter.event_store.records
    resident = resident_bytes() - before
    return {"allocated": records.allocated, "resident": resident, "wire": wire_bytes(records)}


def wire_bytes(records: RecordBuffer) -> int:
    """Take everything; return the bytes of the request bodies that would carry it."""
    total, now = 0, int(time.time() * 1000)
    while batch := records.take(1_000_000, 1_000_000):
        total += len(batch.body(now))
        records.done(batch)
    return total


def resident_bytes() -> int:
    """Return the resident memory of this process; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def threads(
    count: int, is_shared: bool, shares_data: bool, name: str, number: int, events: int
) -> float:
    """Return wall seconds of so many events a thread, on one tracker and of one's data, or each."""
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
        | {"about": about, "memory": memory, "threads": threads}
    )
