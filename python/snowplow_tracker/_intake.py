"""How events come into an emitter, and what happens where its store is full."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Literal

from snowplow_tracker import _native

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker._delivery import Delivery
    from snowplow_tracker._log_limit import OncePerMinute
    from snowplow_tracker._native import RecordBuffer
    from snowplow_tracker._stored_events import StoredEvents
    from snowplow_tracker.typing import Method, PayloadDict

__all__ = ["WHEN_FULL", "IntakeMethods", "WhenFull"]

logger = logging.getLogger("snowplow_tracker.emitters")

WhenFull = Literal["refuse", "block"]
WHEN_FULL = {"refuse", "block"}
_LONGEST_SLEEP = 1.0


class IntakeMethods:
    """The part of `Emitter` that takes events in.

    Attributes:
        batch_size: How many events are stored before they are sent.
        byte_limit: Bytes of stored events that make a batch full, None for any number.
        bytes_queued: Bytes of the stored events, counted where there is a `byte_limit`.
        when_full: What becomes of an event while the store is full: "refuse" or "block".
        block_timeout: Seconds that an event waits for room, then it is refused.
    """

    batch_size: int
    byte_limit: int | None
    bytes_queued: int | None
    method: Method
    when_full: WhenFull
    block_timeout: float
    flush: Callable[[], None]
    _is_open: bool
    _sends_at_once: bool
    _lane: RecordBuffer | None
    _takes_records: bool
    _choose_lane: Callable[[], None]
    _deliver_at_once: Callable[[], None]
    _delivery: Delivery
    _refusals: OncePerMinute
    _stored: StoredEvents

    def input(self, payload: PayloadDict) -> None:
        """Take one event, and send when that fills a batch. For POST, values become text."""
        if not self._is_open:
            self._refuse_as_closed()
            return
        event = _native.clean_fields(payload, self.method == "post")
        event.pop("stm", None)
        if self._delivery.is_awaiting_retry(event.get("eid")):
            return
        if self._store(partial(self._stored.add, event)) and self.bytes_queued is not None:
            self.bytes_queued += len(str(payload))
        self._send_if_due()

    def _input_record(self, record: bytes, created_ms: int) -> None:
        """Take a record that the tracker cannot append: the store is full, sealed or on disk."""
        if not self._is_open:
            self._refuse_as_closed()
            return
        if not self._takes_records or self._stored.record_store is None:
            self._choose_lane()
            if self._lane is None and not self._takes_records:
                import json  # noqa: PLC0415 - seldom needed

                self.input(json.loads(record))
                return
        self._store(partial(self._stored.add_record, record, created_ms))
        self._send_if_due()

    def reached_limit(self) -> bool:
        """Whether the stored events make a batch."""
        if self.byte_limit is not None and (self.bytes_queued or 0) >= self.byte_limit:
            return True
        return self._stored.reaches(self.batch_size)

    def _refuse_as_closed(self) -> None:
        self._delivery.counters.add(dropped=1)
        self._refusals.warning("Event refused: its emitter is closed")

    def _send_if_due(self) -> None:
        if self._sends_at_once:
            if not _may_be_ended():
                self._deliver_at_once()
        elif self.reached_limit():
            self.flush()

    def _store(self, add: Callable[[], bool]) -> bool:
        """Store an event by `add`; where there is no room, wait for it if that is wanted."""
        if self.when_full == "block" and self._add_when_room(add):
            return True
        if add():
            return True
        self._delivery.counters.add(dropped=1)
        return False

    def _add_when_room(self, add: Callable[[], bool]) -> bool:
        """Store an event by `add` as soon as there is room, at the latest after `block_timeout`.

        Returns:
            Whether it is stored. False at once where this thread may not wait.
        """
        from snowplow_tracker._stack import may_wait_here  # noqa: PLC0415 - seldom needed

        deadline, may_wait = time.monotonic() + self.block_timeout, None
        while self._is_open and not self._sends_at_once:
            settlements = self._delivery.settlements
            if self._stored.has_room() and add():
                return True
            may_wait = may_wait_here() if may_wait is None else may_wait
            if not may_wait or time.monotonic() >= deadline:
                return False
            self.flush()
            # What makes room without a request, as a change of the capacity, wakes nobody.
            until = min(deadline, time.monotonic() + _LONGEST_SLEEP)
            self._delivery.wait_for_next(settlements, until)
        return False


def _may_be_ended() -> bool:
    """Whether this thread ends with the interpreter, be it in the middle of a request."""
    thread = threading.current_thread()
    return thread.daemon and thread is not threading.main_thread()
