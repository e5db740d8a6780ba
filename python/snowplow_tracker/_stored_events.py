"""The events that an emitter's store holds, and those that were taken from it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from snowplow_tracker._batch import batches_of_records
from snowplow_tracker._log_limit import after_locks
from snowplow_tracker.event_store import InMemoryEventStore, is_patched, is_record_store

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from snowplow_tracker._batch import Batch, RecordStore
    from snowplow_tracker._native import RecordBuffer
    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["StoredEvents"]


class StoredEvents:
    """An emitter's store, as the emitter uses it.

    A store of the program's own need know nothing of threads: one at a time calls it, and one
    at a time sends what it holds. That also lets it give events out and forget them only when
    it is told that they are sent.
    """

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._turn = threading.RLock()
        self._taken = 0
        self._thread = threading.local()

    @property
    def records(self) -> RecordBuffer | None:
        """The records in memory, where the tracker may append to them itself."""
        store = self.record_store
        return store.records if isinstance(store, InMemoryEventStore) else None

    @property
    def record_store(self) -> RecordStore | None:
        """The store, if it is one of this package's own that keeps events as records."""
        store = self._emitter.event_store
        if not is_record_store(store) or is_patched(store):
            return None
        own = cast("RecordStore", store)
        return own if own.keeps_records else None

    def is_own_store(self) -> bool:
        """Whether the store is this package's own, not a subclass: those know of threads."""
        return is_record_store(self._emitter.event_store)

    def add_record(self, record: bytes, created_ms: int) -> bool:
        """Store a record in an own store; False where it was refused."""
        store = cast("RecordStore", self._emitter.event_store)
        is_stored = store.add_record(record, created_ms)
        if late := store.late_refusals():
            self._emitter._delivery.counters.add(dropped=late)
        return is_stored

    def batches_of_records(self, max_bytes: int, sent_ms: int) -> Iterator[Batch]:
        """Take what waits in an own store now, for bodies of at most `max_bytes`."""
        store = cast("RecordStore", self._emitter.event_store)
        return batches_of_records(store, max_bytes, sent_ms)

    def add(self, event: PayloadDict) -> bool:
        """Store an event; False where it was refused."""
        with after_locks, self._emitter.lock:
            return self._emitter.event_store.add_event(event)

    def cleanup(self, events: PayloadDictList, need_retry: bool) -> None:
        """Forget events that were taken, or store them again if `need_retry`."""
        with after_locks, self._emitter.lock:
            self._emitter.event_store.cleanup(events, need_retry)
            self._taken = max(self._taken - len(events), 0)
        self._thread.cleaned_up = self.cleaned_up_here() + len(events)

    def cleaned_up_here(self) -> int:
        """Return how many events this thread has cleaned up so far."""
        return getattr(self._thread, "cleaned_up", 0)

    def size(self) -> int:
        """Return how many events are stored and not taken."""
        with after_locks, self._emitter.lock:
            return self._emitter.event_store.size()

    def reaches(self, count: int) -> bool:
        """Whether so many events are stored, by what is known without a look into a file."""
        store = self.record_store
        return (self.size() if store is None else store.waiting) >= count

    def in_flight(self) -> int:
        """Return how many events were taken and are neither sent nor stored again."""
        store = self._emitter.event_store
        if not self.is_own_store():
            return self._taken
        own = cast("RecordStore", store)
        return max(own.in_flight - own.answered, 0)

    def has_room(self) -> bool:
        """Whether one more event would be stored, as far as that is known."""
        store = self._emitter.event_store
        return not self.is_own_store() or cast("RecordStore", store).has_room()

    def has_failed(self) -> bool:
        """Whether an own store could not do what it was asked for last."""
        return self.is_own_store() and cast("RecordStore", self._emitter.event_store).has_failed

    def oldest_ms(self) -> int | None:
        """Return when the oldest stored event was created, in milliseconds since 1970."""
        store = self.record_store
        return None if store is None else store.oldest_ms

    @contextmanager
    def turn(self) -> Generator[bool]:
        """Wait until this thread may send what is stored; False where a deadline came first."""
        if self.is_own_store():
            yield True
            return
        deadline = self._emitter._deadline
        timeout = -1 if deadline is None else max(deadline - time.monotonic(), 0)
        if not self._turn.acquire(timeout=timeout):
            yield False
            return
        try:
            yield True
        finally:
            self._taken = 0
            self._turn.release()
            self._emitter._delivery.note_settled()

    def batches(self) -> Iterator[PayloadDictList]:
        """Take what is stored now, not what comes meanwhile, as much at a time as it gives."""
        left = self.size()
        while left > 0 and (events := self._take()):
            left -= len(events)
            yield events

    def _take(self) -> PayloadDictList:
        with after_locks, self._emitter.lock:
            events = self._emitter.event_store.get_events_batch()
            self._taken += len(events)
            return events
