"""When failed events are sent again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from snowplow_tracker._logging import deferred_logging

if TYPE_CHECKING:
    from snowplow_tracker._delivery.context import DeliveryContext

__all__ = ["RetrySchedule"]


class RetrySchedule:
    """Starts an emitter's retry timer after a failed attempt."""

    def __init__(self, context: DeliveryContext) -> None:
        self._host = context.host
        self._breaker = context.breaker
        self._state = context.state
        self._lock = threading.RLock()

    def is_due_later(self) -> bool:
        """Return whether the next attempt has to wait."""
        return self._host.retry_timer.is_active() or self._breaker.paused_for() > 0

    def record_failure(self) -> None:
        """Open the circuit breaker, and schedule the next attempt."""
        has_to_release = self._breaker.record_failure()
        try:
            self.schedule()
        finally:
            if has_to_release:
                self._breaker.release()

    def schedule(self) -> None:
        """Schedule the next attempt. Requests that fail together lengthen the delay once."""
        breaker, host = self._breaker, self._host
        with deferred_logging, self._lock:
            if host.retry_timer.is_active():
                self.flush_later(breaker.paused_for())
            else:
                self.flush_later(breaker.next_delay(host.max_retry_delay_seconds))

    def flush_later(self, seconds: float) -> None:
        """Flush again after a time at the earliest, unless the emitter is at its end."""
        if self._state.deadline is None:
            self._host.retry_timer.postpone(seconds)
