"""Access to the buffers inside this package's event stores.

Everything else in the benchmarks uses the public API, `_native.dumps` and `_native.encode_record`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker import SQLiteEventStore
    from snowplow_tracker._native import RecordBatch, RecordBuffer

__all__ = ["drain_buffer", "drain_store", "record_buffer"]


def record_buffer(emitter: Any) -> RecordBuffer:
    """Return the native buffer of an emitter that stores events in memory."""
    records: RecordBuffer = emitter.event_store.records
    return records


def drain_buffer(buffer: RecordBuffer, max_events: int, max_bytes: int) -> Iterator[RecordBatch]:
    """Take batches from a buffer, and acknowledge each of them, until the buffer is empty."""
    while batch := buffer.take(max_events, max_bytes):
        yield batch
        buffer.done(batch)


def drain_store(store: SQLiteEventStore, max_events: int, max_bytes: int) -> Iterator[RecordBatch]:
    """Take batches from a durable store, and acknowledge each of them, until it is empty."""
    while (taken := store.take_records(max_events, max_bytes)) is not None:
        batch, settle = taken
        yield batch
        settle(batch, 0, False)
