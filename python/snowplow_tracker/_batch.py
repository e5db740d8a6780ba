"""Events on their way out: one request's worth, from either kind of store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from snowplow_tracker import _native

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from snowplow_tracker._native import RecordBatch
    from snowplow_tracker._stored_events import StoredEvents
    from snowplow_tracker.event_store import InMemoryEventStore
    from snowplow_tracker.sqlite_event_store import SQLiteEventStore
    from snowplow_tracker.typing import PayloadDictList

    RecordStore: TypeAlias = InMemoryEventStore | SQLiteEventStore
    # Tells the store what became of records: which, their place in what was taken, need_retry.
    Settle: TypeAlias = Callable[[RecordBatch, int, bool], None]
    TakenRecords: TypeAlias = tuple[RecordBatch, Settle]

__all__ = ["Batch", "batches_of_events", "batches_of_records"]

_ANY_SIZE = 2**62


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

    def halves(self) -> tuple[Batch, Batch]:
        """Return its events as two batches, which are settled each by itself, instead of it."""
        ...


class _Records:
    def __init__(self, batch: RecordBatch, place: int, sent_ms: int, settle: Settle) -> None:
        self._batch = batch
        self._place = place
        self._sent_ms = sent_ms
        self._settle = settle
        self._count = len(batch)
        self._events: PayloadDictList | None = None
        self.body = batch.body(sent_ms)

    def __len__(self) -> int:
        return self._count

    def events(self) -> PayloadDictList:
        if self._events is None:
            self._events = self._batch.events(self._sent_ms)
        return self._events

    def settle(self, need_retry: bool) -> None:
        self._settle(self._batch, self._place, need_retry)

    def halves(self) -> tuple[Batch, Batch]:
        middle = self._count // 2
        return self._part(0, middle), self._part(middle, self._count)

    def _part(self, start: int, end: int) -> Batch:
        part = self._batch.part(start, end)
        return _Records(part, self._place + start, self._sent_ms, self._settle)


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

    def halves(self) -> tuple[Batch, Batch]:
        middle = len(self._events) // 2
        return (
            self._part(self._events[:middle], []),
            self._part(self._events[middle:], self._behind),
        )

    def _part(self, events: PayloadDictList, behind: PayloadDictList) -> Batch:
        ((_, body),) = _native.request_bodies(events, _ANY_SIZE)
        return _Dicts(self._store, events, body, behind)


def batches_of_records(store: RecordStore, max_bytes: int, sent_ms: int) -> Iterator[Batch]:
    """Take what waits now, not what comes meanwhile, for bodies of at most `max_bytes`."""
    left = store.waiting_now()
    while left > 0 and (taken := store.take_records(left, max_bytes)) is not None:
        batch, settle = taken
        try:
            left -= len(batch)
            records = _Records(batch, 0, sent_ms, settle)
        except BaseException:  # no memory for the body, or Ctrl-C
            settle(batch, 0, True)
            raise
        yield records


def batches_of_events(
    store: StoredEvents, events: PayloadDictList, max_bytes: int
) -> Iterator[Batch]:
    """Divide events that were taken from a store, for bodies of at most `max_bytes`."""
    for count, body in _native.request_bodies(events, max_bytes):
        part, events = events[:count], events[count:]
        yield _Dicts(store, part, body, events)
