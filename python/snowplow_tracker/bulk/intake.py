"""`Intake`: events on their way into the store, each with its place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from snowplow_tracker.bulk.places import Places

if TYPE_CHECKING:
    from snowplow_tracker._native import EncodedLines
    from snowplow_tracker.bulk.store import BulkEmitter, BulkStore

__all__ = ["Intake"]

# Events that are queued or in flight, or have their outcome before an earlier event has.
_MAX_OPEN = 50_000
_MAX_QUEUED_BYTES = 32_000_000


class Intake:
    """Stores events and notes their places. One thread at a time adds events.

    Args:
        store: The store.
        emitter: Asked to send whenever there are enough events for a request.
        batch_size: So many are enough.

    Attributes:
        places: The places of the events.
        stored: Number of events so far.
        waiting_since: When there was last no event without an outcome, by `time.monotonic`.
    """

    def __init__(self, store: BulkStore, emitter: BulkEmitter, batch_size: int) -> None:
        self.places = Places()
        self.stored = 0
        self.waiting_since = 0.0
        self._store = store
        self._buffer = store.buffer
        self._emitter = emitter
        self._batch_size = batch_size
        self._unflushed = 0

    def seems_full(self) -> bool:
        """Return whether there may be no room: a quick look."""
        places = self.places
        is_open = places.added - places.closed >= _MAX_OPEN
        return is_open or self._buffer.allocated >= _MAX_QUEUED_BYTES

    def has_room(self) -> bool:
        """Return whether another record may come in."""
        places = self.places
        if places.added - places.closed >= _MAX_OPEN:
            places.position(self._store.outcomes.watermark)
        return not self.seems_full()

    def add(self, payload: dict[str, str], place: Any, is_last: bool) -> None:
        """Store an event.

        Args:
            payload: The event.
            place: The place of its record.
            is_last: Whether it is the last event of its record.
        """
        places = self.places
        if places.added == places.closed:
            self.waiting_since = time.monotonic()
        try:
            places.add(place, is_last)  # first: a thread may send the event at once
            self._buffer.add(payload)
        except BaseException:
            self._recount()
            raise
        self.stored += 1
        self._unflushed += 1
        if self._unflushed >= self._batch_size:
            self._flush()

    def add_lines(self, lines: EncodedLines, source: Any, start: int, end: int) -> None:
        """Store encoded lines, from index `start` up to, not including, `end`.

        The place of each is a tuple of `source`, its number, and the offset after it.
        """

        def place_of(index: int) -> tuple[Any, int, int]:
            return (source, *lines.place(index))

        if self.places.added == self.places.closed:
            self.waiting_since = time.monotonic()
        try:
            self.places.add_run(place_of, start, end)  # first, as in `add`
            lines.store(self._buffer, start, end)
        except BaseException:
            self._recount()
            raise
        self.stored += end - start
        self._unflushed += end - start
        if self._unflushed >= self._batch_size:
            self._flush()

    def _recount(self) -> None:
        """Find out what was stored: after a lack of memory, or a `KeyboardInterrupt`."""
        self.stored = self._store.accepted
        self.places.limit(self.stored)

    def _flush(self) -> None:
        self._unflushed = 0
        self._emitter.flush()
