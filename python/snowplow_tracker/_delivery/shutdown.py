"""The last delivery of an emitter, within a time limit: when it is closed, and at exit."""

from __future__ import annotations

import time

from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._logging import delivering
from snowplow_tracker.event_store import InMemoryEventStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker._delivery.context import DeliveryContext
    from snowplow_tracker._delivery.record_sink import RecordSink

__all__ = ["Shutdown"]

_logger = lazy_logger("snowplow_tracker.emitters")


class Shutdown:
    """Delivers what an emitter holds before its end, and logs what is left.

    Args:
        deliver: Sends what is stored, by the emitter's dispatcher.
    """

    def __init__(
        self, context: DeliveryContext, sink: RecordSink, deliver: Callable[[], None]
    ) -> None:
        self._host = context.host
        self._queue = context.queue
        self._sink = sink
        self._breaker = context.breaker
        self._counters = context.counters
        self._completions = context.completions
        self._state = context.state
        self._watermarks = context.watermarks
        self._deliver = deliver

    def close(self, timeout: float | None) -> None:
        """Accept no more events, and send what is stored, once."""
        state = self._state
        state.is_closing, state.is_open = True, False
        try:
            self._sink.close()
            self._finish(
                time.monotonic() + (self._host.exit_timeout if timeout is None else timeout)
            )
            state.is_closed = True
            self._watermarks.resolve_all(not state.undelivered)
            self._queue.release_store()
        finally:
            state.is_closing = False
            self._completions.notify()

    def deliver_before_exit(self, deadline: float, end: float) -> None:
        """Send what is stored until a deadline, and events tracked later at once, until the end.

        The program's own exit handlers may run after this one, and track. If another thread is
        closing the emitter, wait for it: it may be a daemon thread that ends with the process. If
        `close` was interrupted, by Ctrl-C for example, try once more.

        Args:
            deadline: On the clock of `time.monotonic`, as `end`.
            end: When the exit has to be over.
        """
        state = self._state
        if state.is_open:
            state.is_unbuffered = True
            self._sink.update()
            self._finish(deadline)
            state.deadline = end
        elif state.is_closing:
            self._completions.wait_until(lambda: not state.is_closing, deadline)
        elif state.deadline is not None and not state.is_closed:
            self._finish(deadline)
            state.is_closed = True

    def deliver_unbuffered(self) -> None:
        """Send an event that was tracked at exit: it cannot wait for others."""
        self._deliver_unless_paused()
        self._log_undelivered()

    def _finish(self, deadline: float) -> None:
        self._host.timer.cancel()
        self._host.retry_timer.cancel()
        self._state.deadline = deadline
        if self._queue.size():
            self._deliver_unless_paused()
        # Events that another thread is sending may be requeued; they too are tried once more.
        was_in_flight = self._queue.in_flight() > 0
        self._completions.wait_until(lambda: not self._queue.in_flight(), deadline)
        if was_in_flight and self._queue.size():
            self._deliver_unless_paused()
        self._log_undelivered()

    def _deliver_unless_paused(self) -> None:
        if self._breaker.paused_for() <= 0:
            self._deliver()

    def _log_undelivered(self) -> None:
        left = self._state.undelivered = self._queue.unanswered()
        if left:
            reason = self._counters.last_error or "no response in time"
            if paused_for := self._breaker.paused_for():
                reason += f", to be tried again in {paused_for:.0f} s at the earliest (Retry-After)"
            store = self._host.event_store
            if getattr(store, "is_durable", not isinstance(store, InMemoryEventStore)):
                reason += "; they stay in the event store"
            with delivering, delivering.mark():
                _logger.warning("%d events were not delivered: %s", left, reason)
