"""On which thread an emitter sends: the calling one (`Flusher`), or workers."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from snowplow_tracker._lifecycle.workers import WorkerPool
from snowplow_tracker._locks import sections
from snowplow_tracker._logging import delivering
from snowplow_tracker._overrides import call_override

if TYPE_CHECKING:
    from snowplow_tracker._delivery.context import DeliveryContext
    from snowplow_tracker._delivery.flusher import Flusher
    from snowplow_tracker._delivery.record_sink import RecordSink

__all__ = ["WorkerDispatcher"]


class WorkerDispatcher:
    """Sends on worker threads: how an `AsyncEmitter` differs from an `Emitter`.

    Args:
        thread_count: Number of threads.
    """

    def __init__(
        self, context: DeliveryContext, flusher: Flusher, sink: RecordSink, thread_count: int
    ) -> None:
        self._host = context.host
        self._flusher = flusher
        self._sink = sink
        self._callbacks = context.callbacks
        self._breaker = context.breaker
        self._thread_count = thread_count
        self.pool = self._new_pool()

    def _new_pool(self) -> WorkerPool:
        return WorkerPool(weakref.WeakMethod(self._flush_on_worker), self._thread_count)

    def flush(self) -> None:
        """Request that what is stored is sent, and return."""
        if delivering.is_active():  # a log handler has tracked what delivery logs
            return
        if sections.is_active():  # a signal handler or finalizer interrupts its own thread
            sections.defer(self.flush)
            return
        if self._flusher.is_waiting():
            self._callbacks.request_flush()
        elif not self._breaker.is_half_open_elsewhere():
            self._flusher.reset_bytes()
            self._sink.request_flush()
            is_submitted = False
            try:
                is_submitted = self.pool.submit()
            finally:
                if not is_submitted:
                    self._sink.flush_begins()

    def request_flush(self) -> bool:
        """Do the same as `flush`. Returns whether there is a thread that sends."""
        self.flush()
        return self.pool.has_threads()

    def _flush_on_worker(self) -> None:
        self._sink.flush_begins()  # first: events stored from here on need another flush
        self._flusher.flush_here()

    def sync_flush(self) -> None:
        """Wait until what is stored is sent, or requeued because the collector fails."""
        if delivering.is_active():
            return
        if sections.is_active():
            sections.defer(self.sync_flush)
            return
        if call_override(self._host, "flush"):
            self.pool.wait_idle()
        elif self._flusher.is_waiting():
            self._callbacks.request_flush()
        elif not self.pool.submit_and_wait():
            self._flusher.flush_here()

    def deliver(self, deadline: float | None) -> None:
        """Send what is stored, or have an overridden `flush` do it."""
        is_called = call_override(self._host, "flush")
        wait = self.pool.wait_idle if is_called else self.pool.submit_and_wait
        if not wait(deadline) and not self.pool.has_threads():
            self._flusher.send_stored()

    def stop(self) -> None:
        """End the threads, after what they were asked for."""
        self.pool.stop()

    def abandon(self) -> None:
        """End the threads, and start others when they are needed.

        The threads hold a weak reference, which is cleared before a finalizer runs.
        """
        self.pool.stop()
        self.pool = self._new_pool()
