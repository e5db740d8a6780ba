"""The event store as delivery sees it: what waits, and what is in flight."""

from __future__ import annotations

import time
from _thread import TIMEOUT_MAX
from functools import partial

from snowplow_tracker._delivery.batch import PendingDicts, PendingRecords
from snowplow_tracker._delivery.callbacks import inside_delivery
from snowplow_tracker._locks import new_lock, sections
from snowplow_tracker._stores.record_store import (
    builtin_store_of,
    is_unpatched,
    record_store_of,
    unpatched_store_of,
)
from snowplow_tracker._threads import CurrentLock, PerThread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from snowplow_tracker._delivery.host import DeliveryHost
    from snowplow_tracker._delivery.protocols import PendingBatches
    from snowplow_tracker._stores.protocols import RecordStore
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["EventQueue"]


class EventQueue:
    """An emitter's store.

    A program's own store need not be thread-safe: one thread at a time calls it, and one at a
    time sends what it holds. So a store may also hand out events and delete them only when it
    is told that they were sent.

    Args:
        host: The emitter, which has the store.
        notify_completed: Wakes threads that wait for what a completed request changes.
    """

    def __init__(self, host: DeliveryHost, notify_completed: Callable[[], None]) -> None:
        self._host = host
        self._notify_completed = notify_completed
        self._sending = CurrentLock(partial(new_lock, "sending"))
        self._taken = 0
        self._last_size = 0
        self._thread = PerThread()

    # --- which kind of store

    @property
    def record_store(self) -> RecordStore | None:
        """The store, if it is built in, unpatched, and holds its events as records."""
        return record_store_of(self._host.event_store)

    def is_builtin(self) -> bool:
        """Return whether the store is exactly a built-in class, which is thread-safe."""
        return builtin_store_of(self._host.event_store) is not None

    # --- in

    def add(self, event: PayloadDict) -> bool | None:
        """Store an event.

        Returns:
            False if it was refused. None if this thread is in the middle of a section, so that it
            has to try again after that.
        """
        if (builtin := unpatched_store_of(self._host.event_store)) is not None:
            with inside_delivery():
                return builtin.add_dict(event)
        if sections.is_active():
            return None
        with sections, sections.emitter(), self._host.lock:
            return self._host.event_store.add_event(event)

    def add_record(self, record: bytes, created_ms: int) -> bool | None:
        """Store a record, as a dict if the program has replaced the store since it was encoded.

        Returns:
            As `add`.
        """
        store = self.record_store
        if store is None:
            return self.add(record_as_dict(record))
        return store.add_record(record, created_ms)

    def release_store(self) -> None:
        """Have a built-in store close its files until it is used again."""
        if (store := builtin_store_of(self._host.event_store)) is not None:
            store.release()

    def has_room(self) -> bool:
        """Return whether one more event would be stored, as far as that is known."""
        store = builtin_store_of(self._host.event_store)
        return store is None or store.has_room()

    # --- out

    def pending_records(self, store: RecordStore, max_bytes: int, sent_ms: int) -> PendingBatches:
        """Return what waits now in a built-in store, for bodies of at most `max_bytes`."""
        return PendingRecords(store, max_bytes, sent_ms)

    def pending_events(self, events: PayloadDictList, max_bytes: int) -> PendingBatches:
        """Return events that were taken from the store, for bodies of at most `max_bytes`."""
        return PendingDicts(self.cleanup, events, max_bytes)

    def send_exclusively(self, deadline: float | None, send: Callable[[], bool]) -> bool:
        """Call a function as soon as this thread may send what is stored.

        Args:
            deadline: When to give up, on the clock of `time.monotonic`. None: never.
            send: The function.

        Returns:
            Its result; False if it was not called.
        """
        if self.is_builtin():
            return send()
        sending, may_send = self._sending.get(), False
        was_sending = sending._is_owned()  # noqa: SLF001 - as `threading.Condition` does
        try:
            may_send = sending.acquire(timeout=self._seconds_to_wait(deadline))
            return send() if may_send else False
        finally:
            # Also if a signal handler raised an exception right after the lock was acquired.
            if may_send or (not was_sending and sending._is_owned()):  # noqa: SLF001
                self._taken = 0
                sending.release()
                self._notify_completed()

    def _seconds_to_wait(self, deadline: float | None) -> float:
        """Return how long this thread may wait for another one that sends."""
        if is_owned_here(self._host.lock):  # the program's: the other thread will want it
            return 0
        if deadline is None:
            return -1
        return min(max(deadline - time.monotonic(), 0), TIMEOUT_MAX)

    def batches(self) -> Iterator[PayloadDictList]:
        """Take what is stored now, but not what arrives meanwhile, in the store's own batches."""
        left = self.size()
        while left > 0 and (events := self._take()):
            left -= len(events)
            yield events

    def take_all(self) -> PayloadDictList:
        """Take what is stored, to `cleanup` it later: nobody sends it meanwhile."""
        return self._take() if self.size() else []

    def _take(self) -> PayloadDictList:
        with sections, sections.emitter(), self._host.lock:
            events = self._host.event_store.get_events_batch()
            count = len(events)
            self._taken += count
            return events

    def cleanup(self, events: PayloadDictList, need_retry: bool) -> None:
        """Have the store forget events that were taken, or store them again if `need_retry`."""
        with sections, sections.emitter(), self._host.lock:
            self._host.event_store.cleanup(events, need_retry)
            self._taken = max(self._taken - len(events), 0)
            self._thread.acked = self.acked_by_this_thread() + len(events)

    def acked_by_this_thread(self) -> int:
        """Return how many events this thread has passed to `cleanup` so far."""
        return getattr(self._thread, "acked", 0)

    # --- counts

    def size(self) -> int:
        """Return how many events are stored and not taken.

        In the middle of a section, this is the last known size of a store of the program's own,
        whose own thread may be inside of it.
        """
        store = self._host.event_store
        if is_unpatched(store):
            return store.size()
        return self._last_size if sections.is_active() else self._read_size()

    def _read_size(self) -> int:
        store = self._host.event_store
        if is_unpatched(store):
            return store.size()
        with sections, sections.emitter(), self._host.lock:
            size = self._last_size = store.size()
            return size

    def has_at_least(self, count: int) -> bool:
        """Return whether so many events are stored, without a look into a file."""
        store = self.record_store
        return (self.size() if store is None else store.approximate_size) >= count

    def in_flight(self) -> int:
        """Return how many events were taken and are neither acknowledged nor stored again."""
        store = builtin_store_of(self._host.event_store)
        return self._taken if store is None else max(store.in_flight - store.acked_unwritten, 0)

    def unanswered(self) -> int:
        """Return how many events are stored or in flight."""
        return self.size() + self.in_flight()

    def queued_and_in_flight(self) -> tuple[int, int]:
        """Return how many events are stored and in flight, counting each event once.

        Call it under the emitter's lock.
        """
        while True:
            queued, in_flight = self._read_size(), self.in_flight()
            if self._read_size() >= queued:  # otherwise some were taken in between
                return queued, in_flight

    def has_failed(self) -> bool:
        """Return whether the last operation of a built-in store failed."""
        store = builtin_store_of(self._host.event_store)
        return store is not None and store.has_failed

    def oldest_ms(self) -> int | None:
        """Return when the oldest stored event was created, in milliseconds since 1970."""
        store = self.record_store
        return None if store is None else store.oldest_ms


def is_owned_here(lock: Any) -> bool:
    """Return whether this thread holds a lock, which may be of the program's own kind."""
    is_owned: Callable[[], bool] | None = getattr(lock, "_is_owned", None)
    return is_owned is not None and is_owned()


def record_as_dict(record: bytes) -> PayloadDict:
    """Return the fields of a record."""
    import json  # noqa: PLC0415 - seldom needed

    fields: PayloadDict = json.loads(record)
    return fields
