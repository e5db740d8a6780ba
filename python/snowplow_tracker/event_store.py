"""Event stores: where an emitter keeps events until they are sent."""

from __future__ import annotations

import logging
import threading
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from snowplow_tracker import _check
from snowplow_tracker._log_limit import OncePerMinute
from snowplow_tracker._native import RecordBuffer, is_text_only

if TYPE_CHECKING:
    from logging import Logger

    from snowplow_tracker._batch import TakenRecords
    from snowplow_tracker._native import RecordBatch
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["EventStore", "InMemoryEventStore"]

_logger = logging.getLogger(__name__)

STORE_METHODS = ("add_event", "cleanup", "get_events_batch", "size")
_methods_of = attrgetter(*STORE_METHODS)
_record_stores: dict[type, tuple[object, ...]] = {}


def note_record_store(kind: type) -> None:
    """Note a class as one of this package's own stores, while nobody can have patched it."""
    _record_stores[kind] = _methods_of(kind)


def is_record_store(store: object) -> bool:
    """Whether a store is this package's own, and no subclass."""
    return type(store) in _record_stores


def is_patched(store: object) -> bool:
    """Whether a method of an own store has been replaced, on its class or on itself."""
    kind = type(store)
    is_as_noted = _methods_of(kind) == _record_stores[kind]
    return not (is_as_noted and vars(store).keys().isdisjoint(STORE_METHODS))


class EventStore(Protocol):
    """What an emitter requires of a store."""

    def add_event(self, payload: PayloadDict) -> bool:
        """Store an event; False where it was refused."""
        ...

    def get_events_batch(self) -> PayloadDictList:
        """Take stored events to send them, oldest first: all or a part."""
        ...

    def cleanup(self, batch: PayloadDictList, need_retry: bool) -> None:
        """Forget events that were taken, or store them again if `need_retry`."""
        ...

    def size(self) -> int:
        """Return how many events are stored and not taken."""
        ...


class InMemoryEventStore:
    """Events in memory, first in, first out; lost when the process is killed.

    It keeps events as finished records. Once `event_buffer` is looked at, or an event comes in
    that is not all text, it keeps them as a list of dicts, for good.

    Args:
        logger: Where a full store is logged, at most once a minute; None for a logger of this
            package.
        buffer_capacity: The most events that it holds, those being sent included. Default 10,000.

    Raises:
        ValueError: `logger` has no `error`, or `buffer_capacity` is no whole number.
    """

    def __init__(self, logger: Logger, buffer_capacity: int = 10_000) -> None:
        self._full = OncePerMinute(_check.having(logger, ["error"], name="logger") or _logger)
        self._lock = threading.RLock()
        buffer_capacity = _check.count(buffer_capacity, name="buffer_capacity")
        self._records: RecordBuffer | None = RecordBuffer(buffer_capacity)
        self._events: PayloadDictList = []
        # Records that were in flight when the others became dicts are settled with their buffer.
        self._sealed: RecordBuffer | None = None
        self._in_flight = 0
        self._buffer_capacity = buffer_capacity

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in STORE_METHODS:  # replaced on this very store: records would pass it by
            self._keep_dicts()

    @property
    def logger(self) -> Logger:
        """Where a full store is logged."""
        return self._full.logger

    @logger.setter
    def logger(self, value: Logger) -> None:
        self._full.logger = value

    @property
    def buffer_capacity(self) -> int:
        """The most events that it holds."""
        return self._buffer_capacity

    @buffer_capacity.setter
    def buffer_capacity(self, value: int) -> None:
        self._buffer_capacity = value
        if self._records is not None:
            self._records.capacity = max(value, 0)

    @property
    def event_buffer(self) -> PayloadDictList:
        """The stored events as a list that may be changed in place."""
        self._keep_dicts()
        return self._events

    @event_buffer.setter
    def event_buffer(self, events: PayloadDictList) -> None:
        self._keep_dicts()
        self._events = events

    @property
    def keeps_records(self) -> bool:
        """Whether it keeps events as records still."""
        return self._records is not None

    @property
    def records(self) -> RecordBuffer | None:
        """The records, while it keeps events as such."""
        return self._records

    def add_event(self, payload: PayloadDict) -> bool:
        """Store an event; False and a line in the log where the store is full."""
        with self._lock:
            if self._records is not None and not is_text_only(payload):
                self._keep_dicts()
            if self._records is not None:
                stored = self._records.add(payload)
            else:
                stored = self._add_dict(payload)
        if not stored:
            self.log_full()
        return stored

    def get_events_batch(self) -> PayloadDictList:
        """Take all stored events."""
        with self._lock:
            self._keep_dicts()
            batch, self._events = self._events, []
            self._in_flight += len(batch)
            return batch

    def cleanup(self, batch: PayloadDictList, need_retry: bool) -> None:
        """Forget events that were taken, or put them back before the others if `need_retry`."""
        with self._lock:
            self._in_flight = max(self._in_flight - len(batch), 0)
            if need_retry:
                self._keep_dicts()
                self._events[:0] = batch

    def size(self) -> int:
        """Return how many events wait."""
        records = self._records
        return len(self._events) if records is None else len(records)

    @property
    def in_flight(self) -> int:
        """How many events were taken and are neither sent nor put back."""
        records = self._sealed if self._records is None else self._records
        return self._in_flight if records is None else self._in_flight + records.in_flight

    def add_record(self, record: bytes, created_ms: int) -> bool:
        """Store a record; False and a line in the log where the store is full."""
        records = self._records
        if records is None:
            import json  # noqa: PLC0415 - seldom needed

            return self.add_event(json.loads(record))
        stored = records.add_record(record, created_ms)
        if not stored:
            self.log_full()
        return stored

    def take_records(self, max_events: int, max_bytes: int) -> TakenRecords | None:
        """Take the oldest events, as many as fit a request body of `max_bytes`, at least one."""
        records = self._records
        batch = None if records is None else records.take(max_events, max_bytes)
        if records is None or batch is None:
            return None
        return batch, lambda part, _place, need_retry: self._settle(records, part, need_retry)

    @property
    def waiting(self) -> int:
        """How many events wait."""
        return self.size()

    def waiting_now(self) -> int:
        """Return how many events wait."""
        return self.size()

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting event was created, in milliseconds since 1970."""
        return None if self._records is None else self._records.oldest_ms

    has_failed, answered = False, 0  # memory does not fail

    def late_refusals(self) -> int:
        """Return how many events it took and then refused: none."""
        return 0

    def has_room(self) -> bool:
        """Whether one more event would be stored."""
        return self.size() + self.in_flight < self.buffer_capacity

    def _settle(self, buffer: RecordBuffer, batch: RecordBatch, need_retry: bool) -> None:
        """Forget records that were taken, or put them back before the others if `need_retry`."""
        with self._lock:
            if not need_retry:
                buffer.done(batch)
            elif buffer is self._records:
                buffer.give_back(batch)
            else:
                self._events[:0] = batch.events()
                buffer.done(batch)

    def log_full(self) -> None:
        """Log that an event was refused."""
        self._full.error(
            "Event refused: the store is full, its capacity is %d. Raise buffer_capacity,"
            ' or have when_full="block" wait for room',
            self.buffer_capacity,
        )

    def forget_all(self) -> None:
        """Become empty, as a forked child must: what was stored is its parent's."""
        self._lock = threading.RLock()
        self._in_flight = 0
        self._events.clear()
        for records in (self._records, self._sealed):
            if records is not None:
                records.clear()

    def _add_dict(self, payload: PayloadDict) -> bool:
        if len(self._events) + self.in_flight >= self.buffer_capacity:
            return False
        self._events.append(payload)
        return True

    def _keep_dicts(self) -> None:
        """Turn the records into dicts. Records in flight stay with who took them."""
        with self._lock:
            if self._records is None:
                return
            self._sealed, self._records = self._records, None
            records = self._sealed
            records.seal()
            while batch := records.take(self.buffer_capacity or 1, 1_000_000):
                self._events.extend(batch.events())
                records.done(batch)


note_record_store(InMemoryEventStore)
