"""Access to the buffers inside this package's event stores.

Everything else in the benchmarks uses the public API, `_native.dumps` and `_native.encode_record`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker._stores.record_store import record_store_of, sink_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker import SQLiteEventStore
    from snowplow_tracker._native import RecordBatch, RecordBuffer

__all__ = ["drain_buffer", "drain_store", "record_buffer"]


def record_buffer(emitter: Any) -> RecordBuffer:
    """Return the native buffer of an emitter that stores events in memory."""
    buffer = sink_of(emitter.event_store)
    assert buffer is not None
    return buffer


def drain_buffer(buffer: RecordBuffer, max_events: int, max_bytes: int) -> Iterator[RecordBatch]:
    """Take batches from a buffer, and acknowledge each of them, until the buffer is empty."""
    while batch := buffer.take(max_events, max_bytes):
        yield batch
        buffer.ack(batch)


def drain_store(store: SQLiteEventStore, max_events: int, max_bytes: int) -> Iterator[RecordBatch]:
    """Take batches from a durable store, and acknowledge each of them, until it is empty."""
    records = record_store_of(store)
    assert records is not None
    while (claim := records.take_records(max_events, max_bytes)) is not None:
        yield claim.batch
        claim.finish(claim.batch, 0, False)
