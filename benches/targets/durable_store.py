"""A target with this package's durable store, and `sqlite3` alone with the same bytes."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.targets import tracker
from benches.targets.internals import drain_store
from benches.targets.serve import cpu_seconds, serve
from snowplow_tracker import Emitter, SQLiteEventStore
from snowplow_tracker._native import encode_record

if TYPE_CHECKING:
    from collections.abc import Callable

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "wal_autocheckpoint = 1024",
    "secure_delete = OFF",
)
TABLE = "CREATE TABLE events (id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, record BLOB)"
BODY_BYTES = 999_999


def track(name: str, number: int, is_built: bool, events: int) -> float:
    """Return the CPU seconds of tracking events into a durable store.

    Args:
        name: The kind of event: see `tracker.tracking`.
        number: Its number of contexts.
        is_built: True to build the event beforehand, False to construct it each time.
        events: How many events to track.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteEventStore(Path(folder, "events.db"))
        emitter = Emitter("127.0.0.1", protocol="http", batch_size=10**9, event_store=store)
        own = tracker.make_tracker(emitter, name)
        one = _tracking_built(name, number) if is_built else tracker.tracking(name, number)

        def work() -> None:
            for _ in range(events):
                one(own)

        seconds = cpu_seconds(work)
        if store.size() != events:
            raise RuntimeError(f"the store holds {store.size()} of {events} events")
        while batch := store.get_events_batch():
            store.cleanup(batch, False)
        return seconds


def _tracking_built(name: str, number: int) -> Callable[[Any], None]:
    event = tracker.version_api.built_event(name, number)
    return lambda own: own.track(event)


def insert(name: str, number: int, events: int) -> float:
    """Return the CPU seconds of inserting the same record, with a transaction for each INSERT."""
    record = encode_record(_payload(name, number))[0]
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder, "events.db"), isolation_level=None)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute(TABLE)
        execute = connection.cursor().execute

        def work() -> None:
            for _ in range(events):
                execute("INSERT INTO events (created_ms, record) VALUES (?, ?)", (0, record))

        seconds = cpu_seconds(work)
        connection.close()
        return seconds


def _payload(name: str, number: int) -> dict[str, Any]:
    emitter = tracker.InputOnly()
    tracker.tracking(name, number)(tracker.make_tracker(emitter, name))
    return emitter.payload


def backlog(name: str, number: int, events: int) -> dict[str, float]:
    """Fill a file with events, then open and drain it.

    Returns:
        The wall seconds that opening and draining take.
    """
    payload = _payload(name, number)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.db")
        first = SQLiteEventStore(path, capacity=events, max_bytes=2**40)
        if not all(first.add_event(payload) for _ in range(events)):
            raise RuntimeError("the store refused an event")
        del first
        started = time.perf_counter()
        store = SQLiteEventStore(path)
        opened = time.perf_counter()
        count = 0
        for batch in drain_store(store, events, BODY_BYTES):
            count += len(batch)
            batch.body(0)
        if count != events:
            raise RuntimeError(f"the store returned {count} of {events} events")
        return {"open": opened - started, "drain": time.perf_counter() - opened}


if __name__ == "__main__":
    serve({"track": track, "insert": insert, "backlog": backlog})
