"""The events that an emitter's store holds, and those that were taken from it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snowplow_tracker._overrides import is_own, note_own
from snowplow_tracker.event_store import STORE_METHODS, InMemoryEventStore

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from snowplow_tracker._native import RecordBuffer
    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["StoredEvents"]

note_own(InMemoryEventStore, *STORE_METHODS)


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

    @property
    def records(self) -> RecordBuffer | None:
        """The store's records, if it is this package's own and keeps events as such."""
        store = self._emitter.event_store
        if type(store) is InMemoryEventStore and is_own(store, *STORE_METHODS):
            return store.records
        return None

    def is_in_memory(self) -> bool:
        """Whether the store is this package's own, which knows of threads."""
        return type(self._emitter.event_store) is InMemoryEventStore

    def add(self, event: PayloadDict) -> bool:
        """Store an event; False where it was refused."""
        with self._emitter.lock:
            return self._emitter.event_store.add_event(event)

    def cleanup(self, events: PayloadDictList, need_retry: bool) -> None:
        """Forget events that were taken, or store them again if `need_retry`."""
        with self._emitter.lock:
            self._emitter.event_store.cleanup(events, need_retry)
            self._taken = max(self._taken - len(events), 0)

    def size(self) -> int:
        """Return how many events are stored and not taken."""
        with self._emitter.lock:
            return self._emitter.event_store.size()

    def in_flight(self) -> int:
        """Return how many events were taken and are neither sent nor stored again."""
        store = self._emitter.event_store
        return store.in_flight if type(store) is InMemoryEventStore else self._taken

    @contextmanager
    def turn(self) -> Generator[bool]:
        """Wait until this thread may send what is stored; False where a deadline came first."""
        if self.is_in_memory():
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
        with self._emitter.lock:
            events = self._emitter.event_store.get_events_batch()
            self._taken += len(events)
            return events
