"""The target of this package with its durable store, and of bare sqlite3 with the same bytes."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.targets import tracker
from benches.targets.serve import cpu_seconds, serve
from snowplow_tracker import Emitter, SQLiteEventStore, _native

if TYPE_CHECKING:
    from collections.abc import Callable

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "wal_autocheckpoint = 1024",
    "secure_delete = OFF",
)
TABLE = "CREATE TABLE events (id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, record BLOB)"
BODY = 999_999


def track(name: str, number: int, is_built: bool, events: int) -> float:
    """Return CPU seconds of so many tracked events, built beforehand or not."""
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
            raise RuntimeError(f"of {events} events, {store.size()} were stored")
        while batch := store.get_events_batch():
            store.cleanup(batch, False)
        return seconds


def _tracking_built(name: str, number: int) -> Callable[[Any], None]:
    event = tracker.version_api.built_event(name, number)
    return lambda own: own.track(event)


def insert(name: str, number: int, events: int) -> float:
    """Return CPU seconds of so many INSERTs of such a record, each a transaction."""
    record = _record(name, number)
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


def _record(name: str, number: int) -> bytes:
    emitter = tracker.InputOnly()
    tracker.tracking(name, number)(tracker.make_tracker(emitter, name))
    return _native.encode_record(emitter.payload)[0]


def backlog(name: str, number: int, events: int) -> dict[str, float]:
    """Return wall seconds to open a file with so many events, and to take and forget them all."""
    record = _record(name, number)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.db")
        first = SQLiteEventStore(path, capacity=events, max_bytes=2**40)
        if not all(first.add_record(record, 0) for _ in range(events)):
            raise RuntimeError("an event was refused")
        del first
        started = time.perf_counter()
        store = SQLiteEventStore(path)
        opened = time.perf_counter()
        count = 0
        while (taken := store.take_records(events, BODY)) is not None:
            batch, settle = taken
            count += len(batch)
            batch.body(0)
            settle(batch, 0, False)
        if count != events:
            raise RuntimeError(f"of {events} events, {count} came out")
        return {"open": opened - started, "drain": time.perf_counter() - opened}


if __name__ == "__main__":
    serve({"track": track, "insert": insert, "backlog": backlog})
