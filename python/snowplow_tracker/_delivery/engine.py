"""`DeliveryEngine`: everything of an emitter but its public face."""

from __future__ import annotations

import threading
import time

from snowplow_tracker._delivery.background import BackgroundFlusher
from snowplow_tracker._delivery.context import DeliveryContext
from snowplow_tracker._delivery.flusher import Flusher
from snowplow_tracker._delivery.intake import Intake
from snowplow_tracker._delivery.record_sink import RecordSink
from snowplow_tracker._delivery.retry import RetrySchedule
from snowplow_tracker._delivery.sender import BatchSender
from snowplow_tracker._delivery.shutdown import Shutdown
from snowplow_tracker._delivery.transport import Transport
from snowplow_tracker._disabled import is_disabled
from snowplow_tracker._http.client import HttpClient, import_early_if_necessary
from snowplow_tracker._http.endpoint import redact_url
from snowplow_tracker._lifecycle.process import (
    deliver_abandoned,
    exit_has_begun,
    notice_copy,
    register_for_exit,
)
from snowplow_tracker._lifecycle.timer import FlushTimer
from snowplow_tracker._locks import new_lock, sections
from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._logging import delivering
from snowplow_tracker._stores.record_store import reset_after_fork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from typing_extensions import Self

    from snowplow_tracker._delivery.dispatcher import WorkerDispatcher
    from snowplow_tracker._delivery.host import DeliveryHost
    from snowplow_tracker._delivery.protocols import Dispatcher
    from snowplow_tracker.typing import PayloadDict

__all__ = ["DeliveryEngine"]

_logger = lazy_logger("snowplow_tracker.emitters")


class DeliveryEngine:
    """Wires the parts of one emitter's delivery together. The emitter's only private attribute.

    Args:
        host: The emitter, with its hooks. It is given its `lock`, `timer` and `retry_timer`.
        session: The program's session; None for connections of this package's own.
        requests: Returns the module `requests`, which programs patch.
        clock: Returns the time in milliseconds since 1970.
    """

    def __init__(
        self,
        host: DeliveryHost,
        session: Any,
        requests: Callable[[], Any],
        clock: Callable[[], int],
    ) -> None:
        self._host = host
        self._clock = clock
        self._thread_count = 0
        self.client = HttpClient(session, requests)
        self._build()

    def _build(self) -> None:
        """Build all parts, with new locks: also in a forked child, where the old may be held."""
        host = self._host
        context = self.context = DeliveryContext(host)
        self.sink = RecordSink(context)
        self.retry = RetrySchedule(context)
        self.transport = Transport(context, self.client)
        self.sender = BatchSender(context, self.transport, self.retry)
        self.flusher = Flusher(context, self.sender, self.transport, self.retry, self._clock)
        self.intake = Intake(context, self.sink, self._flush_if_due)
        self.shutdown = Shutdown(context, self.sink, self._deliver)
        self.dispatcher: Dispatcher = self.flusher
        self.background = BackgroundFlusher(context, self.flusher, None)
        if self._thread_count:
            self.use_workers(self._thread_count)
        self._renew_lock()
        host.timer = FlushTimer(host, repeating=True)
        host.retry_timer = FlushTimer(host, repeating=False)

    def _renew_lock(self) -> None:
        self._kind_of_threads: object = threading.Lock
        self._lock = self._host.lock = new_lock("emitter")

    def current(self) -> Self:
        """Return the engine, after it has noticed a copied process or patched threads.

        Every public method of an emitter reaches the engine's parts through this.
        """
        notice_copy()
        # A store of the program may switch to another green thread while it has the lock.
        if threading.Lock is not self._kind_of_threads and self._host.lock is self._lock:
            self._renew_lock()
        return self

    def copy_for(self, host: DeliveryHost) -> DeliveryEngine:
        """Return the engine of a copied emitter, which shares the store and the connections."""
        from copy import copy  # noqa: PLC0415 - rarely needed

        copied = copy(self)
        copied._host = host  # noqa: SLF001 - an engine of the same class
        copied._build()  # noqa: SLF001
        if self.context.state.is_open:
            copied.activate()
        return copied

    def use_workers(self, thread_count: int) -> None:
        """Send on worker threads from now on."""
        from snowplow_tracker._delivery.dispatcher import (  # noqa: PLC0415 - for AsyncEmitter only
            WorkerDispatcher,
        )

        self._thread_count = thread_count
        self.dispatcher = WorkerDispatcher(self.context, self.flusher, self.sink, thread_count)
        self.background = BackgroundFlusher(
            self.context, self.flusher, self.dispatcher.request_flush
        )

    @property
    def workers(self) -> WorkerDispatcher:
        """The dispatcher of an emitter that sends on worker threads."""
        dispatcher: Any = self.dispatcher
        workers: WorkerDispatcher = dispatcher
        return workers

    def activate(self) -> None:
        """Accept events: the emitter's attributes are set. If trackers are disabled, never."""
        if is_disabled():
            return
        # It decodes records. A signal handler that interrupts its import could not do that.
        import json  # noqa: F401, PLC0415 - the package itself loads without it

        import_early_if_necessary()
        self.context.state.is_open = True
        self.sink.update()
        register_for_exit(self)
        _logger.debug("Emitter sends to %s", redact_url(self._host.endpoint))

    # --- in

    def accept(self, payload: PayloadDict) -> None:
        """Accept an event as a dict of fields, and flush if that completes a batch."""
        if self.context.state.is_unbuffered and self._is_refused_at_exit():
            return
        if self.intake.accept(payload):
            self._flush_if_due()

    def accept_record(self, record: bytes | None, created_ms: int) -> None:
        """Accept a record that native code could not append, and flush if it completes a batch."""
        if self.context.state.is_unbuffered and self._is_refused_at_exit():
            return
        if self.intake.accept_record(record, created_ms):
            self._flush_if_due()

    def _is_refused_at_exit(self) -> bool:
        """Drop log records about the last delivery that a program tracks: nothing follows it."""
        is_refused = delivering.is_active()
        if is_refused:
            self.context.counters.add(dropped=1)
        return is_refused

    def has_reached_limit(self) -> bool:
        """Return whether the stored events make a batch."""
        host = self._host
        if host.byte_limit is not None and (host.bytes_queued or 0) >= host.byte_limit:
            return True
        return self.context.queue.has_at_least(host.batch_size)

    def _flush_if_due(self) -> None:
        if self.context.state.is_unbuffered:
            if not _is_daemon_thread():
                self.shutdown.deliver_unbuffered()
        elif self._host.reached_limit():
            self._host.flush()

    # --- the end of the emitter or of its process

    def flush_on_sigterm(self) -> None:
        """Deliver when SIGTERM comes: see `Emitter.flush_on_sigterm`."""
        from snowplow_tracker._lifecycle.sigterm import (  # noqa: PLC0415 - rarely needed
            flush_on_sigterm,
        )

        flush_on_sigterm(self)

    def close(self, timeout: float | None) -> None:
        """Send what is stored, once, and accept no more events. See `Emitter.close`.

        A signal handler or finalizer may call it. Then it comes after the delivery that it
        interrupts, and after all that was deferred before it, such as events.
        """
        if not self.context.state.is_open:
            return
        if delivering.is_active():
            delivering.defer(self.close, timeout)
        elif sections.is_active() or sections.is_making_calls():
            sections.defer(self._close, timeout)
        else:
            self._close(timeout)

    def _close(self, timeout: float | None) -> None:
        if self.context.state.is_open:
            try:
                self.shutdown.close(timeout)
            finally:
                self.dispatcher.stop()
                self.background.stop()
                self.client.close()

    def abandon(self) -> None:
        """Deliver what the emitter holds: nothing refers to it any more."""
        if exit_has_begun():  # it is delivered already, and its threads end with the process
            return
        if sections.is_active():
            sections.defer(self.abandon)
            return
        notice_copy()
        self.dispatcher.abandon()
        self.background.stop()
        if self.context.state.is_open:
            deliver_abandoned(self)

    def close_abandoned(self) -> None:
        """Close the emitter, through its own `close` if that is overridden."""
        self.client.keep_alive = False  # its connections would wait for the garbage collector
        self._host.close()

    @property
    def exit_timeout(self) -> float:
        """Seconds that the exit of the interpreter may wait for this emitter."""
        return self._host.exit_timeout

    def holds_events(self) -> bool:
        """Return whether events are stored or in flight, unless it was closed."""
        return not self.context.state.is_closed and self.context.queue.unanswered() > 0

    def deliver_before_exit(self, deadline: float, end: float) -> None:
        """Send what is stored until `deadline`, and events tracked later at once, until `end`."""
        self.client.keep_alive = False  # nobody is left to close connections
        self.shutdown.deliver_before_exit(deadline, end)
        # greenlet ends at exit before urllib3's finalizers run, whose queues are gevent's then.
        self.client.close()

    def send_each_event(self) -> None:
        """Send each event before `input` returns, from now on: a signal ends the process."""
        host: Any = self._host
        accept = host.input

        def accept_and_send(payload: PayloadDict) -> None:
            accept(payload)
            host.sync_flush()

        host.input = accept_and_send

    def sync_flush(self) -> None:
        """Send what is stored before returning, as `Emitter.sync_flush` does."""
        host: Any = self._host
        host.sync_flush()

    def _deliver(self) -> None:
        self.dispatcher.deliver(self.context.state.deadline)

    def reset_after_fork(self) -> None:
        """Become empty, as a forked child must: what was stored belongs to the parent."""
        host = self._host
        reset_after_fork(host.event_store)
        self.client.reset_after_fork()
        was_open, timer = self.context.state.is_open, host.timer
        self._build()
        self.flusher.reset_bytes()
        if was_open:
            self.activate()
            if timer.is_active():
                host.set_flush_timer(timer.interval)

    # --- numbers

    def stats(self) -> dict[str, Any]:
        """Return what became of the events so far: see `Emitter.stats`."""
        context = self.context
        if sections.is_active():  # the lock's owner may wait for what this thread holds
            counts = self._counts((context.queue.size(), context.queue.in_flight()))
        else:
            # Requests complete under this lock, so no event is between two places.
            with sections, sections.emitter(), self._host.lock:
                counts = self._counts(context.queue.queued_and_in_flight())
        parts = ("queued", "in_flight", "sent", "rejected", "dropped")
        oldest = context.queue.oldest_ms()
        return {
            "tracked": sum(counts[part] for part in parts),
            **counts,
            "last_error": context.counters.last_error,
            "oldest_queued_seconds": None if oldest is None else time.time() - oldest / 1000,
        }

    def _counts(self, stored: tuple[int, int]) -> dict[str, Any]:
        queued, in_flight = stored
        return {**self.context.counters.snapshot(), "queued": queued, "in_flight": in_flight}


def _is_daemon_thread() -> bool:
    """Return whether this thread ends with the interpreter, even in the middle of a request."""
    thread = threading.current_thread()
    return thread.daemon and thread is not threading.main_thread()
