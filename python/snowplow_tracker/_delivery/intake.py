"""How events come into an emitter, and what happens when its store is full."""

from __future__ import annotations

import time
from functools import partial

from snowplow_tracker._delivery.queue import record_as_dict
from snowplow_tracker._locks import sections
from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._native import clean_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker._delivery.context import DeliveryContext
    from snowplow_tracker._delivery.record_sink import RecordSink
    from snowplow_tracker.typing import PayloadDict

__all__ = ["Intake"]

_logger = lazy_logger("snowplow_tracker.emitters")

_MAX_WAIT_SECONDS = 1.0


class Intake:
    """Accepts events as dicts or records. When the store is full, it refuses or blocks.

    Args:
        flush_if_due: Flushes if the stored events make a batch. Called after deferred events only.
    """

    def __init__(
        self, context: DeliveryContext, sink: RecordSink, flush_if_due: Callable[[], None]
    ) -> None:
        self._host = context.host
        self._queue = context.queue
        self._sink = sink
        self._flush_if_due = flush_if_due
        self._callbacks = context.callbacks
        self._counters = context.counters
        self._completions = context.completions
        self._state = context.state
        self._refusals = RateLimitedLogger(_logger)
        self._has_warned_of_loop = False

    def accept(self, payload: PayloadDict) -> bool:
        """Accept an event as a dict of fields. Returns False if it waits for a retry already."""
        if self._is_refused_as_closed():
            return False
        host = self._host
        event = clean_fields(payload, host.method == "post")
        event.pop("stm", None)
        if self._callbacks.is_pending_retry(event.get("eid")):
            return False
        is_stored = self._enqueue(partial(self._queue.add, event))
        if is_stored and host.bytes_queued is not None:
            size = len(str(payload))  # first: a signal handler may interrupt a call, and add more
            host.bytes_queued += size
        return True

    def accept_record(self, record: bytes | None, created_ms: int) -> bool:
        """Accept a record that native code could not append: the store is full, or on disk.

        Args:
            record: None if there was no memory for it.
            created_ms: When the event was created, in milliseconds.

        Returns:
            False if the emitter is closed, or if the event took the way of a dict instead.

        Raises:
            MemoryError: There was no memory for the record. It is counted as dropped.
        """
        if record is None:
            self._counters.add(dropped=1)
            raise MemoryError
        if self._is_refused_as_closed():
            return False
        sink = self._sink
        if not sink.accepts_records or self._queue.record_store is None:
            sink.update()
            if sink.buffer is None and not sink.accepts_records:
                self._host.input(record_as_dict(record))
                return False
        self._enqueue(partial(self._queue.add_record, record, created_ms))
        return True

    def _is_refused_as_closed(self) -> bool:
        if self._state.is_open:
            return False
        self._counters.add(dropped=1)
        self._refusals.warning("Event refused: its emitter is closed")
        return True

    def _enqueue(self, add: Callable[[], bool | None]) -> bool:
        """Store an event by `add`. If there is no room, wait for it if the emitter blocks."""
        if self._host.when_full == "block" and self._enqueue_when_room(add):
            return True
        try:
            is_stored = add()
        except MemoryError:
            self._counters.add(dropped=1)
            raise
        if is_stored:
            return True
        if is_stored is None:  # it is a signal handler's or a finalizer's
            sections.defer_brief(self._enqueue_deferred, add)
            return True
        self._counters.add(dropped=1)
        return False

    def _enqueue_deferred(self, add: Callable[[], bool | None]) -> None:
        # While the emitter is being closed, what is stored is still sent.
        is_refused = self._state.is_closed and self._is_refused_as_closed()
        if not is_refused and self._enqueue(add):
            sections.defer(self._flush_if_due)

    def _enqueue_when_room(self, add: Callable[[], bool | None]) -> bool:
        """Store an event by `add` as soon as there is room, or give up after `block_timeout`.

        Returns:
            Whether it is stored. False at once if this thread may not block.
        """
        from snowplow_tracker._delivery.blocking import (  # noqa: PLC0415 - rarely needed
            is_in_event_loop,
            may_block,
        )

        deadline, is_allowed = time.monotonic() + self._host.block_timeout, None
        while self._state.is_open and not self._state.is_unbuffered:
            completed = self._completions.count
            if self._queue.has_room() and add():
                return True
            is_allowed = may_block() if is_allowed is None else is_allowed
            if not is_allowed or time.monotonic() >= deadline:
                return False
            if not self._has_warned_of_loop and is_in_event_loop():
                self._has_warned_of_loop = True
                _logger.warning(
                    "An event waits for room, and so does the event loop that tracks it. Set"
                    ' when_full="refuse", or track bulk loads on another thread'
                )
            self._host.flush()
            # Room may also appear without a request, by a larger capacity, which wakes nobody.
            until = min(deadline, time.monotonic() + _MAX_WAIT_SECONDS)
            self._completions.wait_for_next(completed, until)
        return False
