"""`on_success` and `on_failure`, and what they may call while they run."""

from __future__ import annotations

from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._logging import delivering
from snowplow_tracker._signals import current_exception, reraise_if_by_handler
from snowplow_tracker._threads import Mark, PerThread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from snowplow_tracker._delivery.host import DeliveryHost
    from snowplow_tracker.typing import PayloadDictList

__all__ = ["Callbacks", "inside_delivery"]

_logger = lazy_logger("snowplow_tracker.emitters")

_MAX_PENDING_RETRIES = 1_000_000  # as many as the largest store holds by default


# Marks what delivery calls on this thread: `with inside_delivery():`.
inside_delivery = Mark()


class Callbacks:
    """Runs an emitter's callbacks. A flush that a callback asks for happens after it.

    It also remembers the events that an `on_failure` was given and that the emitter itself
    retries: programs written for 0.x pass them to `input` again.
    """

    def __init__(self, host: DeliveryHost) -> None:
        self._host = host
        self._thread = PerThread()
        self._pending_retries: set[str] = set()

    # --- running them

    def is_running(self) -> bool:
        """Return whether this thread is inside a callback."""
        return getattr(self._thread, "is_running", False)

    def run_success(self, events: PayloadDictList) -> None:
        """Call `on_success`."""
        self._run(self._host.on_success, events)

    def run_failure(self, sent: int, events: PayloadDictList) -> None:
        """Call `on_failure`, but ignore flush requests that it makes.

        An `on_failure` that passes its events to `input` again would otherwise loop.
        """
        is_requested = self.take_flush_request()
        self._run(self._host.on_failure, sent, events)
        self._thread.is_flush_requested = is_requested

    def _run(self, callback: Callable[..., None] | None, *arguments: Any) -> None:
        if callback is None:
            return
        was_running = self.is_running()  # a callback may call `send_events`, and so run another
        self._thread.is_running = True
        before = current_exception()
        try:
            with inside_delivery(), delivering.suspended():
                callback(*arguments)
        except Exception as error:
            reraise_if_by_handler(error, before)
            # Not its `repr`, which shows what a partial or a bound method has.
            name = getattr(callback, "__qualname__", type(callback).__name__)
            _logger.exception("A callback raised an exception, delivery continues: %s", name)
        finally:
            self._thread.is_running = was_running

    # --- flushes on this thread

    def request_flush(self) -> None:
        """Note that this thread is to send what is stored."""
        self._thread.is_flush_requested = True

    def take_flush_request(self) -> bool:
        """Return whether a flush was requested on this thread, and forget the request."""
        is_requested = getattr(self._thread, "is_flush_requested", False)
        self._thread.is_flush_requested = False
        return is_requested

    # --- events that are retried

    def want_events(self, callback: object) -> bool:
        """Return whether the events of a request are needed as dicts, for a callback or here."""
        return callback is not None or bool(self._pending_retries)

    def is_pending_retry(self, event_id: object) -> bool:
        """Return whether an event that `on_failure` was given is still to be sent."""
        return event_id in self._pending_retries

    def update_pending_retries(self, events: PayloadDictList, is_retried: bool) -> None:
        """Remember events that are retried, or forget those that have an outcome."""
        ids = {str(event["eid"]) for event in events if "eid" in event}
        if not is_retried:
            self._pending_retries -= ids
        elif self._host.on_failure is not None:
            if len(self._pending_retries) > _MAX_PENDING_RETRIES:
                # Most are stale: other processes that share a durable store have sent them.
                self._pending_retries.clear()
            self._pending_retries |= ids
