"""Flushes that nobody waits for on the thread that asks: `aflush` and `flush_within`."""

from __future__ import annotations

import time

from snowplow_tracker._delivery.callbacks import inside_delivery
from snowplow_tracker._locks import sections
from snowplow_tracker._logging import delivering
from snowplow_tracker._overrides import call_override, is_original
from snowplow_tracker._threads import WakeUps
from snowplow_tracker._validation import require_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from snowplow_tracker._delivery.context import DeliveryContext
    from snowplow_tracker._delivery.flusher import Flusher
    from snowplow_tracker._delivery.watermarks import Watermark
    from snowplow_tracker._lifecycle.workers import WorkerPool

__all__ = ["BackgroundFlusher", "flush_all_within"]


class BackgroundFlusher:
    """Has what is stored sent on another thread, and tells when it is delivered.

    Args:
        request_flush: Requests a flush of an emitter with worker threads, and returns whether there
            is one. None if the emitter has none: then a thread is started here.
    """

    def __init__(
        self,
        context: DeliveryContext,
        flusher: Flusher,
        request_flush: Callable[[], bool] | None,
    ) -> None:
        self._host = context.host
        self._state = context.state
        self._queue = context.queue
        self._watermarks = context.watermarks
        self._flusher = flusher
        self._request_flush = request_flush
        self._pool: WorkerPool | None = None

    def deliver(self, tell: Callable[[bool], None]) -> Watermark:
        """Have what is stored now sent, also after failed attempts.

        Args:
            tell: Called once, on any thread, with whether all of it was delivered.

        Returns:
            What `forget` takes.
        """
        watermark = self._watermarks.add(tell)
        self._request()
        return watermark

    def forget(self, watermark: Watermark) -> None:
        """Tell no more. What was requested is sent all the same."""
        self._watermarks.discard(watermark)

    def deliver_within(self, timeout: float | None) -> bool:
        """Do the same, and wait for it.

        Args:
            timeout: Seconds. None: as long as it takes.

        Returns:
            Whether all of it was delivered. False at once on a thread that delivery waits for.
        """
        outcome: list[bool] = []
        told = WakeUps()

        def tell(is_delivered: bool) -> None:
            outcome.append(is_delivered)
            told.notify()

        deadline = None if timeout is None else time.monotonic() + timeout
        watermark = self._watermarks.add(tell)
        try:
            if not self._request():
                self._flush()  # no thread can be started, at exit for example
            if not (inside_delivery.is_active() or delivering.is_active() or sections.is_active()):
                told.wait_for(lambda: outcome, deadline)
        finally:
            self._watermarks.discard(watermark)
        return bool(outcome) and outcome[0]

    def stop(self) -> None:
        """End the thread, after what it was asked for."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()

    def _request(self) -> bool:
        """Request a flush. Returns whether there is a thread for it, or nothing left to send."""
        if self._state.is_closed:
            self._watermarks.resolve_all(not self._state.undelivered)
        elif sections.is_active():  # a signal handler or finalizer interrupts its own thread
            sections.defer(self._request)
        elif self._request_flush is not None and is_original(self._host, "flush"):
            return self._request_flush()
        else:
            return self._threads().submit()
        return True

    def _threads(self) -> WorkerPool:
        if self._pool is None:
            import weakref  # noqa: PLC0415 - rarely needed, as the pool

            from snowplow_tracker._lifecycle.workers import WorkerPool  # noqa: PLC0415

            self._pool = WorkerPool(weakref.WeakMethod(self._flush), 1)
        return self._pool

    def _flush(self) -> None:
        if not call_override(self._host, "flush"):
            self._flusher.flush_here()
            return
        # A flush of the program may send everything without any function of this package.
        sending, is_emptied = self._watermarks.begin(), False
        try:
            is_emptied = not self._queue.size()
        finally:
            self._watermarks.end(sending, is_emptied=is_emptied, is_requeued=False)


def flush_all_within(emitters: Iterable[Any], timeout: float) -> bool:
    """Have several emitters send at the same time: see `Tracker.flush_within`."""
    deadline = time.monotonic() + require_seconds(timeout, name="timeout")
    is_delivered, all_emitters = True, list(emitters)
    for emitter in all_emitters[1:]:  # they send while the first one is waited for
        if (flush_within := getattr(emitter, "flush_within", None)) is not None:
            flush_within(0.0)
    for emitter in all_emitters:
        flush_within = getattr(emitter, "flush_within", None)
        flush = getattr(emitter, "sync_flush", None) or getattr(emitter, "flush", None)
        if flush_within is not None:
            left = max(deadline - time.monotonic(), 0.0)
            is_delivered = bool(flush_within(left)) and is_delivered
        elif flush is not None:
            flush()
    return is_delivered
