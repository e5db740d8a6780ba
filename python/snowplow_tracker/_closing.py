"""How an emitter comes to its end: closed, forgotten by the program, or at exit."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, cast

from snowplow_tracker import _worker
from snowplow_tracker._overrides import call_override
from snowplow_tracker.event_store import InMemoryEventStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from snowplow_tracker._delivery import Delivery
    from snowplow_tracker._stored_events import StoredEvents
    from snowplow_tracker._worker import FlushTimer
    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.transport import Transport

__all__ = ["ClosingMethods"]

logger = logging.getLogger("snowplow_tracker.emitters")


class ClosingMethods:
    """The part of `Emitter` that ends it.

    Attributes:
        exit_timeout: Seconds that `close` and the exit of the interpreter may take.
    """

    event_store: EventStore
    exit_timeout: float
    timer: FlushTimer
    retry_timer: FlushTimer
    _is_open = False
    _is_closing = False
    _sends_at_once: bool
    _deadline: float | None
    _delivery: Delivery
    _stored: StoredEvents
    _transport: Transport | None
    _lane: Any
    _choose_lane: Callable[[], None]
    _send_stored: Callable[[], None]

    def close(self, timeout: float | None = None) -> None:
        """Send what is stored, once, and take no more events.

        Nothing is sent while a Retry-After of the collector's forbids it. What could not be
        delivered is logged with its count.

        Args:
            timeout: Seconds that this may take. Default None: `exit_timeout`.
        """
        if not self._is_open:
            return
        self._is_closing, self._is_open = True, False
        try:
            self._lane = None
            if (records := self._stored.records) is not None:
                records.seal()
            self._finish(time.monotonic() + (self.exit_timeout if timeout is None else timeout))
        finally:
            self._is_closing = False
            self._delivery.note_settled()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if self._is_open:
            _worker.adopt(cast("Emitter", self))

    def _deliver_before_exit(self, deadline: float, end: float) -> None:
        """Send what is stored until a deadline, and what is tracked later at once, until the end.

        Both are times on `time.monotonic`'s clock. Exit handlers of the program may run after the
        one that calls this, and track. A close that another thread is in, which may end with the
        interpreter, is waited for.
        """
        if self._is_open:
            self._sends_at_once = True
            if self._transport is not None:
                self._transport.keeps_alive = False
            self._choose_lane()
            self._finish(deadline)
            self._deadline = end
        elif self._is_closing:
            self._delivery.wait_until(lambda: not self._is_closing, deadline)

    def _finish(self, deadline: float) -> None:
        self.timer.cancel()
        self.retry_timer.cancel()
        self._deadline = deadline
        if self._stored.size():
            self._deliver_now()
        # What another thread was sending may come back, and is tried once more like the rest.
        was_in_flight = self._stored.in_flight() > 0
        self._delivery.wait_until(lambda: not self._stored.in_flight(), deadline)
        if was_in_flight and self._stored.size():
            self._deliver_now()
        self._log_undelivered()

    def _deliver_at_once(self) -> None:
        """Send an event that was tracked at exit: it cannot wait for others."""
        self._deliver_now()
        self._log_undelivered()

    def _deliver_now(self) -> None:
        if self._delivery.breaker.held_for() <= 0:
            self._deliver()

    def _deliver(self) -> None:
        if not call_override(self, "flush"):
            self._send_stored()

    def _log_undelivered(self) -> None:
        if left := self._unanswered():
            reason = self._delivery.counters.last_error or "not answered in time"
            if held_for := self._delivery.breaker.held_for():
                reason += f", to be tried again in {held_for:.0f} s at the earliest (Retry-After)"
            if not isinstance(self.event_store, InMemoryEventStore):
                reason += "; they stay in the event store"
            logger.warning("%d events were not delivered: %s", left, reason)

    def _unanswered(self) -> int:
        """Return how many events are stored or being sent."""
        return self._stored.size() + self._stored.in_flight()
