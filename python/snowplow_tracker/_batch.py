"""Events on their way out: one request's worth, from either kind of store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from snowplow_tracker import _native

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowplow_tracker._native import RecordBatch, RecordBuffer
    from snowplow_tracker._stored_events import StoredEvents
    from snowplow_tracker.event_store import InMemoryEventStore
    from snowplow_tracker.typing import PayloadDictList

__all__ = ["Batch", "batches_of_events", "batches_of_records"]


class Batch(Protocol):
    """The events of one request."""

    body: bytes

    def __len__(self) -> int:
        """Return how many events it holds."""
        ...

    def events(self) -> PayloadDictList:
        """Return the events as dicts, `stm` included."""
        ...

    def settle(self, need_retry: bool) -> None:
        """Tell the store what became of the events."""
        ...


class _Records:
    def __init__(
        self, store: InMemoryEventStore, buffer: RecordBuffer, batch: RecordBatch, sent_ms: int
    ) -> None:
        self._sent_ms = sent_ms
        self._store = store
        self._buffer = buffer
        self._batch = batch
        self._count = len(batch)
        self._events: PayloadDictList | None = None
        self.body = batch.body(self._sent_ms)

    def __len__(self) -> int:
        return self._count

    def events(self) -> PayloadDictList:
        if self._events is None:
            self._events = self._batch.events(self._sent_ms)
        return self._events

    def settle(self, need_retry: bool) -> None:
        self._store.settle(self._buffer, self._batch, need_retry)


class _Dicts:
    def __init__(
        self, store: StoredEvents, events: PayloadDictList, body: bytes, behind: PayloadDictList
    ) -> None:
        self.body = body
        self._store = store
        self._events = events
        self._behind = behind

    def __len__(self) -> int:
        return len(self._events)

    def events(self) -> PayloadDictList:
        return self._events

    def settle(self, need_retry: bool) -> None:
        # What lies behind a failed request is not tried: it goes back with it, in order.
        self._store.cleanup(self._events + self._behind if need_retry else self._events, need_retry)


def batches_of_records(
    store: InMemoryEventStore, buffer: RecordBuffer, max_bytes: int, sent_ms: int
) -> Iterator[Batch]:
    """Take what waits now, not what comes meanwhile, for bodies of at most `max_bytes`."""
    left = len(buffer)
    while left > 0 and (batch := buffer.take(left, max_bytes)) is not None:
        left -= len(batch)
        yield _Records(store, buffer, batch, sent_ms)


def batches_of_events(
    store: StoredEvents, events: PayloadDictList, max_bytes: int
) -> Iterator[Batch]:
    """Divide events that were taken from a store, for bodies of at most `max_bytes`."""
    for count, body in _native.request_bodies(events, max_bytes):
        part, events = events[:count], events[count:]
        yield _Dicts(store, part, body, events)
