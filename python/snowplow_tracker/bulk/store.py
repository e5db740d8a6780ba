"""`BulkStore`: the event store of a `Sender`, which knows the outcome of each event."""

from __future__ import annotations

import sys
import time
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from snowplow_tracker._http.status import is_success
from snowplow_tracker._locks import sections
from snowplow_tracker._native import RecordBuffer
from snowplow_tracker._stores.record_store import register_builtin_store
from snowplow_tracker._threads import PerThread
from snowplow_tracker.bulk.outcomes import Outcomes, Refusal
from snowplow_tracker.emitters import AsyncEmitter

if TYPE_CHECKING:
    from snowplow_tracker._native import RecordBatch
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["BulkEmitter", "BulkStore"]

_MAX_WAIT_SECONDS = 0.5
_thread = PerThread()


class BulkEmitter(AsyncEmitter):
    """Notes the status of each response, for the store: it is told only that events are done."""

    @staticmethod
    def is_good_status_code(status_code: int) -> bool:
        """Return whether a status means that the collector has the events."""
        _thread.status = status_code
        return is_success(status_code)


class BulkStore:
    """Keeps events in memory, first in, first out, and numbers them from 0.

    Events that are stored again are the next ones to be sent. Unlike `InMemoryEventStore`, it has
    no capacity: a `Sender` decides how many events it holds.

    Args:
        batch_size: The maximum number of events of a request.
        single: Whether events are sent one by one, as by GET.

    Attributes:
        buffer: The events that were not tried yet.
        outcomes: The outcomes of the others.
        takes_parts: Whether to send what waits, though it makes no full batch.
    """

    keeps_records = True
    sink = None
    has_failed = False
    is_durable = False
    acked_unwritten = 0

    def __init__(self, batch_size: int, *, single: bool = False) -> None:
        self.outcomes = Outcomes()
        self.buffer = RecordBuffer(sys.maxsize)
        self._batch_size = 1 if single else batch_size
        self.takes_parts = False
        self._last_taken = time.monotonic()
        self._taken = 0
        self._returned: list[tuple[int, RecordBatch]] = []  # a heap
        self._returned_count = 0
        self._lent: dict[int, tuple[PayloadDict, _ClaimedRecords]] = {}  # by the dict's id

    @property
    def accepted(self) -> int:
        """Number of events so far, which is the number that the next one gets."""
        with sections, sections.short:  # not while a batch is in neither of them
            return self._taken + len(self.buffer)

    @property
    def unfinished(self) -> int:
        """Number of events without an outcome."""
        return self.accepted - self.outcomes.finished

    # --- as `RecordStore`

    def add_record(self, record: bytes, created_ms: int) -> bool:
        """Store a record."""
        return self.buffer.add_record(record, created_ms)

    def add_dict(self, event: PayloadDict) -> bool:
        """Store an event, whose values are text."""
        return self.buffer.add(event)

    def take_records(self, max_events: int, max_bytes: int) -> _ClaimedRecords | None:
        """Claim the oldest records: a batch that was stored again, or a new one."""
        with sections, sections.short:
            if self._returned:
                first, batch = heappop(self._returned)
                self._returned_count -= len(batch)
                return _ClaimedRecords(self, first, batch)
            taken = self.buffer.take(min(max_events, self._batch_size), max_bytes)
            if taken is None:
                return None
            self._last_taken = time.monotonic()
            first, self._taken = self._taken, self._taken + len(taken)
            return _ClaimedRecords(self, first, taken)

    def finish_records(self, first: int, batch: RecordBatch, requeue: bool) -> None:
        """Record the outcome of claimed records, or store them again."""
        status, _thread.status = getattr(_thread, "status", None), None
        with sections, sections.short:
            if requeue:
                heappush(self._returned, (first, batch))
                self._returned_count += len(batch)
                return
            count = len(batch)
            if status is not None and is_success(status):
                self.outcomes.record_delivered(first, count)
            else:
                refused = batch.part(0, count)  # a copy: `ack` empties the batch
                self.outcomes.refusals.append(Refusal(first, refused, status))
            self.buffer.ack(batch)

    def finish_refused(self, first: int, count: int) -> None:
        """Record that somebody has looked at refused events."""
        with sections, sections.short:
            self.outcomes.record_finished(first, count)

    def size(self) -> int:
        """Return how many events are waiting."""
        return len(self.buffer) + self._returned_count

    def refresh_size(self) -> int:
        """Return how many events are to be sent now: those of full batches, unless it is time."""
        waiting = len(self.buffer)
        is_time = self.takes_parts or time.monotonic() - self._last_taken > _MAX_WAIT_SECONDS
        left = 0 if is_time else waiting % self._batch_size
        return waiting - left + self._returned_count

    @property
    def approximate_size(self) -> int:
        """How many events are waiting."""
        return self.size()

    @property
    def in_flight(self) -> int:
        """How many events were claimed and are neither acknowledged nor requeued."""
        return self.buffer.in_flight - self._returned_count

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting event was created, among those that were not tried."""
        return self.buffer.oldest_ms

    def has_room(self) -> bool:
        """Return True: there is no capacity."""
        return True

    def release(self) -> None:
        """Do nothing: there is no file."""

    def reset_after_fork(self) -> None:
        """Become empty: the events are the parent's."""
        self.buffer.clear()
        self._returned.clear()
        self._lent.clear()
        self.outcomes = Outcomes()
        self._taken = self._returned_count = 0

    # --- as `EventStore`, for GET

    def add_event(self, payload: PayloadDict) -> bool:
        """Store an event, whose values are text."""
        return self.add_dict(payload)

    def get_events_batch(self) -> PayloadDictList:
        """Take the oldest waiting events."""
        claim = self.take_records(1, sys.maxsize)
        if claim is None:
            return []
        (event,) = events = claim.batch.events()
        self._lent[id(event)] = event, claim
        return events

    def cleanup(self, batch: PayloadDictList, need_retry: bool) -> None:
        """Record the outcome of events that were taken, or store them again if `need_retry`."""
        for event in batch:
            _, claim = self._lent.pop(id(event))
            claim.finish(claim.batch, 0, need_retry)


class _ClaimedRecords:
    """Implements the protocol `ClaimedRecords`."""

    __slots__ = ("_first", "_store", "batch")

    def __init__(self, store: BulkStore, first: int, batch: RecordBatch) -> None:
        self._store = store
        self._first = first
        self.batch = batch

    def finish(self, batch: RecordBatch, place: int, requeue: bool) -> None:
        """Acknowledge or requeue the records, or some of them."""
        self._store.finish_records(self._first + place, batch, requeue)


register_builtin_store(BulkStore, lambda store: store)
