"""`MemoryStore`: events in memory, as finished records or as dicts."""

from __future__ import annotations

import sys

from snowplow_tracker._locks import sections
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._native import RecordBuffer, is_text_only

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger

    from snowplow_tracker._native import RecordBatch
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["MemoryStore"]

_BYTES_AT_ONCE = 1_000_000


class MemoryStore:
    """The state and the record store of an `InMemoryEventStore`.

    Events are kept as records in a native buffer. As soon as the program needs dicts (it reads
    `event_buffer`, replaces a method, or adds an event whose values are not all text), the waiting
    records are turned into a list of dicts. That is final.

    Args:
        logger: Refused events are logged here.
        capacity: The maximum number of events, including those in flight.
    """

    has_failed = False
    acked_unwritten = 0

    def __init__(self, logger: Logger, capacity: int) -> None:
        self.log = RateLimitedLogger(logger)
        self._capacity = capacity
        self._records: RecordBuffer | None = RecordBuffer(capacity)
        # The buffer that `_records` was, while records claimed from it may still be in flight.
        self._sealed: RecordBuffer | None = None
        self._dicts: PayloadDictList = []
        self._dicts_in_flight = 0
        self._converted = 0  # how many of the first dicts were records

    @property
    def capacity(self) -> int:
        """The maximum number of events, including those in flight."""
        return self._capacity

    @capacity.setter
    def capacity(self, value: int) -> None:
        self._capacity = value
        if self._records is not None:
            self._records.capacity = max(value, 0)

    # --- dicts

    @property
    def dicts(self) -> PayloadDictList:
        """The waiting events as a list that may be changed in place."""
        self.keep_dicts()
        return self._dicts

    @dicts.setter
    def dicts(self, events: PayloadDictList) -> None:
        self.keep_dicts()
        self._dicts = events

    def keep_dicts(self) -> None:
        """Turn the waiting records into dicts. Records in flight remain their claim's."""
        with sections, sections.short:
            if self._records is not None:
                self._sealed, self._records = self._records, None
                self._sealed.seal()
        while self._convert_some():
            pass

    def _convert_some(self) -> bool:
        """Turn some of the sealed records into dicts. Returns whether there were any."""
        with sections, sections.short:
            records, place = self._sealed, self._converted
            batch = None if records is None else records.take(sys.maxsize, _BYTES_AT_ONCE)
            if records is None or batch is None:
                return False
            try:
                events = batch.events()
            except BaseException:  # no memory, or an exception of a signal handler
                records.requeue(batch)
                raise
            try:
                records.ack(batch)
            finally:
                # At this place: dicts of signal handlers, and of other threads, come after it.
                self._dicts[place:place] = events
                self._converted += len(events)
        return True

    def add_dict(self, event: PayloadDict) -> bool:
        """Store an event. Returns False, and logs it, if the store is full."""
        if self._records is not None and not is_text_only(event):
            self.keep_dicts()
        try:
            with sections.short:
                records = self._records
                stored = records is not None and records.add(event)
                # A signal handler that reads `event_buffer` may have turned the records to dicts.
                if not stored and self._records is None:
                    stored = self._append(event)
        finally:
            # `with sections` would call two functions for each event.
            if sections.calls or sections.brief_calls:
                sections.leave()
        if not stored:
            self._log_full()
        return stored

    def _append(self, event: PayloadDict) -> bool:
        if not self.has_room():
            return False
        self._dicts.append(event)
        return True

    def take_dicts(self) -> PayloadDictList:
        """Claim all waiting events; none if this interrupts an operation of its own thread."""
        if sections.is_in_store():
            return []
        self.keep_dicts()
        with sections, sections.short:
            batch, self._dicts = self._dicts, []
            count = len(batch)
            self._dicts_in_flight += count
            self._converted = 0
            return batch

    def finish_dicts(self, batch: PayloadDictList, requeue: bool) -> None:
        """Acknowledge claimed events, or requeue them before all others."""
        if sections.is_in_store():
            sections.defer_brief(self.finish_dicts, batch, requeue)
            return
        if requeue:
            self.keep_dicts()
        with sections, sections.short:
            self._dicts_in_flight = max(self._dicts_in_flight - len(batch), 0)
            if requeue:
                self._dicts[:0] = batch

    def size(self) -> int:
        """Return how many events are waiting."""
        records, sealed = self._records, self._sealed
        if records is not None:
            return len(records)
        return len(self._dicts) + (0 if sealed is None else len(sealed))

    # --- records: see `RecordStore`

    @property
    def keeps_records(self) -> bool:
        """True until the records were turned into dicts."""
        return self._records is not None

    @property
    def sink(self) -> RecordBuffer | None:
        """The native buffer, until the records were turned into dicts."""
        return self._records

    def add_record(self, record: bytes, created_ms: int) -> bool:
        """Store a record. Returns False, and logs it, if the store is full."""
        records = self._records
        stored = records is not None and records.add_record(record, created_ms)
        if not stored and self._records is None:  # also if another thread has just sealed them
            import json  # noqa: PLC0415 - rarely needed

            return self.add_dict(json.loads(record))
        if not stored:
            self._log_full()
        return stored

    def take_records(self, max_events: int, max_bytes: int) -> _ClaimedRecords | None:
        """Claim the oldest records that fit into a request body of `max_bytes`, at least one."""
        records = self._records
        batch = None if records is None else records.take(max_events, max_bytes)
        if records is None or batch is None:
            return None
        return _ClaimedRecords(self, records, batch)

    def finish_records(self, buffer: RecordBuffer, batch: RecordBatch, requeue: bool) -> None:
        """Acknowledge records that were claimed from a buffer, or requeue them before all others.

        Args:
            buffer: The buffer. It may be sealed by now: then requeued records become dicts.
            batch: The records.
            requeue: Whether to requeue them.
        """
        if not requeue:
            buffer.ack(batch)
            return
        with sections, sections.short:
            if buffer is self._records:
                buffer.requeue(batch)
            else:
                events = batch.events()
                self._dicts[:0] = events
                self._converted += len(events)
                buffer.ack(batch)

    @property
    def approximate_size(self) -> int:
        """How many events are waiting."""
        return self.size()

    def refresh_size(self) -> int:
        """Return how many events are waiting."""
        return self.size()

    @property
    def in_flight(self) -> int:
        """How many events were claimed and are neither acknowledged nor requeued."""
        records = self._sealed if self._records is None else self._records
        in_buffer = 0 if records is None else records.in_flight
        return self._dicts_in_flight + in_buffer

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting record was created; None if unknown, as for dicts."""
        return None if self._records is None else self._records.oldest_ms

    def has_room(self) -> bool:
        """Return whether one more event would be stored."""
        return self.size() + self.in_flight < self._capacity

    def release(self) -> None:
        """Do nothing: there is no file."""

    def reset_after_fork(self) -> None:
        """Become empty: the events are the parent's."""
        self._dicts_in_flight = self._converted = 0
        self._dicts.clear()
        for records in (self._records, self._sealed):
            if records is not None:
                records.clear()

    def _log_full(self) -> None:
        self.log.error(
            "Event refused: the store is full, its capacity is %d. Raise buffer_capacity,"
            ' or set when_full="block" to wait for room',
            self._capacity,
        )


class _ClaimedRecords:
    """Implements the protocol `ClaimedRecords`."""

    __slots__ = ("_buffer", "_store", "batch")

    def __init__(self, store: MemoryStore, buffer: RecordBuffer, batch: RecordBatch) -> None:
        self._store = store
        self._buffer = buffer
        self.batch = batch

    def finish(self, batch: RecordBatch, place: int, requeue: bool) -> None:  # noqa: ARG002 - the buffer knows it
        """Acknowledge or requeue the records, or some of them."""
        self._store.finish_records(self._buffer, batch, requeue)
