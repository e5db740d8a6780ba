"""Batches: the events of one request, and the batches that are still to be sent."""

from __future__ import annotations

from snowplow_tracker._native import request_bodies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from snowplow_tracker._delivery.protocols import Batch, Divisible
    from snowplow_tracker._native import RecordBatch
    from snowplow_tracker._stores.protocols import ClaimedRecords, RecordStore
    from snowplow_tracker.typing import PayloadDictList

    Cleanup = Callable[[PayloadDictList, bool], None]
    D = TypeVar("D", bound=Divisible)

__all__ = ["PendingDicts", "PendingRecords", "set_sent_time"]

_ANY_SIZE = 2**62


def _halves(batch: D) -> list[D]:
    """Return the halves of a batch, the one to be sent first last."""
    middle = len(batch) // 2
    return [batch.part(middle, len(batch)), batch.part(0, middle)]


class _RecordBatch:
    """A part of the records that were claimed together."""

    def __init__(
        self, claim: ClaimedRecords, records: RecordBatch, offset: int, sent_ms: int
    ) -> None:
        self._claim = claim
        self._records = records
        self._offset = offset
        self._sent_ms = sent_ms
        self._count = len(records)
        self._events: PayloadDictList | None = None
        self.body = records.body(sent_ms)

    def __len__(self) -> int:
        return self._count

    def events(self) -> PayloadDictList:
        if self._events is None:
            self._events = self._records.events(self._sent_ms)
        return self._events

    def finish(self, *, requeue: bool) -> None:
        self._claim.finish(self._records, self._offset, requeue)

    def part(self, start: int, end: int) -> _RecordBatch:
        records = self._records.part(start, end)
        return _RecordBatch(self._claim, records, self._offset + start, self._sent_ms)


class PendingRecords:
    """Batches of a built-in store, claimed one by one.

    Args:
        store: The store. Only what waits now is claimed, not what arrives meanwhile.
        max_bytes: Largest request body.
        sent_ms: When the events are sent, in milliseconds since 1970.
    """

    def __init__(self, store: RecordStore, max_bytes: int, sent_ms: int) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._sent_ms = sent_ms
        self._unclaimed = store.refresh_size()
        self._claimed: list[_RecordBatch] = []  # the next one last

    def peek(self) -> Batch | None:
        """Return the next batch; None after the last."""
        if not self._claimed and self._unclaimed > 0:
            self._claim()
        return self._claimed[-1] if self._claimed else None

    def _claim(self) -> None:
        claim = self._store.take_records(self._unclaimed, self._max_bytes)
        if claim is None:
            self._unclaimed = 0
            return
        records = claim.batch
        try:
            self._unclaimed -= len(records)
            self._claimed.append(_RecordBatch(claim, records, 0, self._sent_ms))
        except BaseException:  # MemoryError for the body, or KeyboardInterrupt
            claim.finish(records, 0, True)
            raise

    def split_first(self) -> None:
        """Replace the next batch with its halves."""
        self._claimed[-1:] = _halves(self._claimed[-1])

    def ack_first(self) -> None:
        """Have the store forget the next batch: it has its outcome."""
        self._claimed[-1].finish(requeue=False)
        self._claimed.pop()

    def requeue_all(self) -> None:
        """Put all pending events back into the store, in their original order."""
        self._unclaimed = 0
        while self._claimed:
            self._claimed[0].finish(requeue=True)
            del self._claimed[0]


class _DictBatch:
    def __init__(self, events: PayloadDictList, body: bytes) -> None:
        self._events = events
        self.body = body

    def __len__(self) -> int:
        return len(self._events)

    def events(self) -> PayloadDictList:
        return self._events

    def part(self, start: int, end: int) -> _DictBatch:
        events = self._events[start:end]
        ((_, body),) = request_bodies(events, _ANY_SIZE)
        return _DictBatch(events, body)


class PendingDicts:
    """Batches of events that were taken from a store as dicts.

    Args:
        cleanup: Tells the store what became of events, as `EventStore.cleanup`.
        events: The events.
        max_bytes: Largest request body.
    """

    def __init__(self, cleanup: Cleanup, events: PayloadDictList, max_bytes: int) -> None:
        self._cleanup = cleanup
        self._batches: list[_DictBatch] = []  # the next one last
        start = 0
        for count, body in request_bodies(events, max_bytes):
            self._batches.append(_DictBatch(events[start : start + count], body))
            start += count
        self._batches.reverse()

    def peek(self) -> Batch | None:
        """Return the next batch; None after the last."""
        return self._batches[-1] if self._batches else None

    def split_first(self) -> None:
        """Replace the next batch with its halves."""
        self._batches[-1:] = _halves(self._batches[-1])

    def ack_first(self) -> None:
        """Have the store forget the next batch: it has its outcome."""
        self._cleanup(self._batches[-1].events(), False)
        self._batches.pop()

    def requeue_all(self) -> None:
        """Put all pending events back into the store, by one call and in their original order."""
        events = [event for batch in reversed(self._batches) for event in batch.events()]
        if events:
            self._cleanup(events, True)
        self._batches.clear()


def set_sent_time(events: PayloadDictList, now_ms: int) -> None:
    """Set each event's `stm`: now, or its own `dtm` if that is later, since clocks differ."""
    for event in events:
        created = str(event.get("dtm", ""))
        event["stm"] = str(max(now_ms, int(created)) if created.isdecimal() else now_ms)
