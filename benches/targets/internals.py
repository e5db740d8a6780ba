"""Access to the buffers inside this package's event stores.

Everything else in the benchmarks uses the public API, `_native.dumps` and `_native.encode_record`.
The modules of the package are imported by the functions, since a target with another version of
snowplow-tracker, which lacks them, imports this module too.
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
    from snowplow_tracker._stores.record_store import sink_of  # noqa: PLC0415 - see above

    buffer = sink_of(emitter.event_store)
    if buffer is None:
        raise ValueError("the emitter's store has no native buffer")
    return buffer


def drain_buffer(buffer: RecordBuffer, max_events: int, max_bytes: int) -> Iterator[RecordBatch]:
    """Take batches from a buffer, and acknowledge each of them, until the buffer is empty."""
    while batch := buffer.take(max_events, max_bytes):
        yield batch
        buffer.ack(batch)


def drain_store(store: SQLiteEventStore, max_events: int, max_bytes: int) -> Iterator[RecordBatch]:
    """Take batches from a durable store, and acknowledge each of them, until it is empty."""
    from snowplow_tracker._stores.record_store import record_store_of  # noqa: PLC0415 - see above

    record_store = record_store_of(store)
    if record_store is None:
        raise ValueError("the store does not keep records")
    while (claim := record_store.take_records(max_events, max_bytes)) is not None:
        yield claim.batch
        claim.finish(claim.batch, 0, requeue=False)
