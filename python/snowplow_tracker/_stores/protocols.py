"""The contracts between delivery and event stores: a program's own, and those of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from snowplow_tracker._native import RecordBatch, RecordBuffer
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["ClaimedRecords", "EventStore", "RecordStore"]


class EventStore(Protocol):
    """The methods that an emitter requires of a store.

    A store does not need to be thread-safe: an emitter calls it from one thread at a time.
    """

    def add_event(self, payload: PayloadDict) -> bool:
        """Store an event. Returns False if it was refused."""
        ...

    def get_events_batch(self) -> PayloadDictList:
        """Take waiting events to send them, oldest first: all of them or only a part."""
        ...

    def cleanup(self, batch: PayloadDictList, need_retry: bool) -> None:
        """Forget events that were taken, or store them again if `need_retry` is true."""
        ...

    def size(self) -> int:
        """Return how many events are waiting. Events that were taken do not count."""
        ...


# Where programs import it from.
EventStore.__module__ = "snowplow_tracker.event_store"


class ClaimedRecords(Protocol):
    """Records that were taken from a store to be sent: they are in flight until finished."""

    @property
    def batch(self) -> RecordBatch:
        """The records."""
        ...

    def finish(self, batch: RecordBatch, place: int, requeue: bool) -> None:
        """Acknowledge or requeue the records, or some of them.

        Args:
            batch: The claimed batch or a part of it.
            place: The index of the part's first record within the claimed batch.
            requeue: True to put the records back in their original position, False to forget them.
        """
        ...


class RecordStore(Protocol):
    """A built-in store as delivery sees it: it holds finished records, and is thread-safe."""

    @property
    def keeps_records(self) -> bool:
        """True unless the store had to turn its records into dicts."""
        ...

    @property
    def sink(self) -> RecordBuffer | None:
        """The native buffer that a tracker may append to directly, if the store has one."""
        ...

    def add_record(self, record: bytes, created_ms: int) -> bool | None:
        """Store a record.

        Args:
            record: An event as `encode_record` returns it.
            created_ms: When the event was created, in milliseconds since 1970.

        Returns:
            False if the event was refused; the reason is logged. None if this thread is in the
            middle of an operation of a store, so that it has to try again after that.
        """
        ...

    def add_dict(self, event: PayloadDict) -> bool | None:
        """Store an event given as a dict. Returns as `add_record` does."""
        ...

    def take_records(self, max_events: int, max_bytes: int) -> ClaimedRecords | None:
        """Claim the oldest waiting records.

        Args:
            max_events: The maximum number of records.
            max_bytes: The maximum size of their request body. A larger record is claimed alone.

        Returns:
            The claim, or None if no record is waiting.
        """
        ...

    @property
    def approximate_size(self) -> int:
        """How many events are waiting, without reading a file to find out."""
        ...

    def refresh_size(self) -> int:
        """Return how many events are waiting, including those that a dead process had claimed."""
        ...

    @property
    def in_flight(self) -> int:
        """How many events this store has handed out that are neither acknowledged nor requeued."""
        ...

    @property
    def acked_unwritten(self) -> int:
        """How many of the events in flight are acknowledged, but could not be deleted yet."""
        ...

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting event was created, in milliseconds since 1970, if known."""
        ...

    def has_room(self) -> bool:
        """Return whether one more event would be stored."""
        ...

    @property
    def has_failed(self) -> bool:
        """True if the last operation failed: the store may still hold events."""
        ...

    def release(self) -> None:
        """Close files until they are needed again."""

    def reset_after_fork(self) -> None:
        """Forget everything that belongs to the parent process."""
        ...
