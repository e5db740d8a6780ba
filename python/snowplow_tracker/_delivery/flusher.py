"""Sends what is stored, on the calling thread."""

from __future__ import annotations

from functools import partial

from snowplow_tracker._locks import sections
from snowplow_tracker._logging import delivering
from snowplow_tracker._overrides import call_override, is_original

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker._delivery.context import DeliveryContext
    from snowplow_tracker._delivery.protocols import PendingBatches
    from snowplow_tracker._delivery.retry import RetrySchedule
    from snowplow_tracker._delivery.sender import BatchSender
    from snowplow_tracker._delivery.transport import Transport
    from snowplow_tracker._stores.protocols import RecordStore
    from snowplow_tracker.typing import PayloadDictList

__all__ = ["Flusher"]


class Flusher:
    """Takes events from the store and has them sent, natively or through `send_events`.

    It is the `Dispatcher` of an emitter without threads of its own.

    Args:
        clock: Returns the time in milliseconds since 1970.
    """

    def __init__(
        self,
        context: DeliveryContext,
        sender: BatchSender,
        transport: Transport,
        retry: RetrySchedule,
        clock: Callable[[], int],
    ) -> None:
        self._host = context.host
        self._queue = context.queue
        self._sender = sender
        self._transport = transport
        self._callbacks = context.callbacks
        self._breaker = context.breaker
        self._retry = retry
        self._counters = context.counters
        self._state = context.state
        self._watermarks = context.watermarks
        self._clock = clock

    def flush_here(self) -> None:
        """Send what is stored, then what callbacks and rejected threads asked for meanwhile."""
        if delivering.is_active():  # a log handler has tracked what delivery logs
            return
        if sections.is_active():  # a signal handler or finalizer interrupts its own thread
            sections.defer(self.flush_here)
            return
        callbacks, breaker = self._callbacks, self._breaker
        callbacks.request_flush()
        while breaker.try_acquire():
            try:
                if self.is_waiting() or not callbacks.take_flush_request():
                    return
                self.send_stored()
            finally:
                if self._retry.release_probe():
                    callbacks.request_flush()

    def is_waiting(self) -> bool:
        """Return whether a flush has to wait: for a retry, or for the end of a callback."""
        return self._retry.is_due_later() or self._callbacks.is_running()

    def reset_bytes(self) -> None:
        """Count `bytes_queued` from zero again."""
        if self._host.bytes_queued is not None:
            self._host.bytes_queued = 0

    def send_stored(self) -> None:
        """Send what is stored now, until an attempt fails."""
        with delivering, delivering.mark():
            self._send_stored()

    def _send_stored(self) -> None:
        self.reset_bytes()
        host, queue = self._host, self._queue
        store = queue.record_store
        is_original_way = is_original(host, "send_events", "attach_sent_timestamp")
        if store is not None and host.method == "post" and is_original_way:
            self._send_noted(partial(self._post_records, store))
        else:
            queue.send_exclusively(self._state.deadline, self._send_noted_batches)
            self._watermarks.look_again()  # no events are taken any more
        if queue.has_failed():  # a database locked by another program, say: its events are kept
            self._retry.schedule()

    def _post_records(self, store: RecordStore) -> bool:
        max_bytes = self._transport.max_body_bytes()
        return self._sender.post(self._queue.pending_records(store, max_bytes, self._clock()))

    def _send_noted_batches(self) -> bool:
        return not self._retry.is_due_later() and self._send_noted(self._send_batches)

    def _send_noted(self, send: Callable[[], bool]) -> bool:
        """Send what is stored, and note it for those who wait until it is delivered.

        Args:
            send: Returns whether all that was found in the store has an outcome.

        Returns:
            The same.
        """
        failures = self._breaker.failures
        sending, is_emptied = self._watermarks.begin(), False
        try:
            is_emptied = send() and not self._queue.has_failed()
        finally:
            self._watermarks.end(sending, is_emptied=is_emptied, is_requeued=not is_emptied)
        # The retry after another thread's failure may have begun before this thread noticed it, and
        # requeued events: no flush would follow, and whoever waits for these would wait in vain.
        is_stopped = not is_emptied and failures != self._breaker.failures
        if is_stopped and self._watermarks.are_watched() and not self._retry.is_due_later():
            self._callbacks.request_flush()
        return is_emptied

    def send_events(self, events: PayloadDictList) -> None:
        """Send events that were taken from the store, as `Emitter.send_events` does."""
        if not events:
            return
        if sections.is_active():
            sections.defer(self._host.send_events, events)
            return
        sending, is_finished = self._watermarks.begin(), False
        try:
            is_finished = self._send_taken(events)
        finally:
            self._watermarks.end(sending, is_emptied=False, is_requeued=not is_finished)

    def _send_taken(self, events: PayloadDictList) -> bool:
        """Send events that were taken from the store. Returns whether each has an outcome."""
        try:
            self._host.attach_sent_timestamp(events)
            is_post = self._host.method == "post"
            pending = self._pending(events) if is_post else None
        except BaseException:  # a MemoryError, or out of an override
            self._queue.cleanup(events, True)
            raise
        with delivering, delivering.mark():
            if pending is not None:
                return self._sender.post(pending)
            self._sender.get(events)
        return True

    def _pending(self, events: PayloadDictList) -> PendingBatches:
        return self._queue.pending_events(list(events), self._transport.max_body_bytes())

    def deliver(self, deadline: float | None) -> None:  # noqa: ARG002 - requests have time-outs
        """Send what is stored, or have an overridden `flush` do it."""
        if not call_override(self._host, "flush"):
            self.send_stored()

    def stop(self) -> None:
        """Do nothing: there are no threads."""

    def abandon(self) -> None:
        """Do nothing: there are no threads."""

    def _send_batches(self) -> bool:
        """Send in batches of the store's own. Returns whether all that was found has an outcome.

        A store or a `send_events` of the program may keep events, or put them back: then only an
        empty store has no events left.
        """
        failures = self._breaker.failures
        for events in self._queue.batches():
            self._call_send_events(events)
            if failures != self._breaker.failures:
                return False
        is_own = self._queue.is_builtin() and is_original(self._host, "send_events")
        return is_own or not self._queue.size()

    def _call_send_events(self, events: PayloadDictList) -> None:
        """Call `send_events`. An override need not acknowledge events: it is trusted with them."""
        queue = self._queue
        acks_itself = is_original(self._host, "send_events") or not queue.is_builtin()
        before = queue.acked_by_this_thread()
        self._host.send_events(events)
        acked = queue.acked_by_this_thread() - before
        left = 0 if acks_itself else len(events) - acked
        if left > 0:
            with sections, sections.emitter(), self._host.lock:
                queue.cleanup(events[:left], False)
                self._counters.add(sent=left)
