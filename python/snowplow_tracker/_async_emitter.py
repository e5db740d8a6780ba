"""`AsyncEmitter`: sends on threads of its own."""

from __future__ import annotations

import logging
import re
import sys
import weakref
from typing import TYPE_CHECKING, Any, cast

from snowplow_tracker import _check, _worker
from snowplow_tracker._emitter import Emitter
from snowplow_tracker._overrides import call_override, note_own
from snowplow_tracker.transport import shown

if TYPE_CHECKING:
    from queue import SimpleQueue

    from snowplow_tracker._intake import WhenFull
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.typing import FailureCallback, HttpProtocol, Method, SuccessCallback

__all__ = ["AsyncEmitter"]

logger = logging.getLogger("snowplow_tracker.emitters")

_LOOPBACK = r"(localhost|127\.[\d.]+|\[::1\])([:/]|$)"


class _Unasked(str):
    """A default that nobody gave."""

    __slots__ = ()


_HTTP_UNASKED = cast("HttpProtocol", _Unasked("http"))


class AsyncEmitter(Emitter):
    """Sends events to a collector on threads of its own, never on one that tracks.

    Parameters are those of `Emitter`, but for `thread_count` in the eighth place.

    Args:
        endpoint: As for `Emitter`.
        protocol: Default "http", as it always was here. A warning is logged where that is not
            asked for and the host is another machine.
        thread_count: How many threads send. Default 1.
        buffer_capacity: Default 100,000 events.
    """

    _default_capacity = 100_000

    def __init__(
        self,
        endpoint: str,
        protocol: HttpProtocol = _HTTP_UNASKED,
        port: int | None = None,
        method: Method = "post",
        batch_size: int | None = None,
        on_success: SuccessCallback | None = None,
        on_failure: FailureCallback | None = None,
        thread_count: int = 1,
        byte_limit: int | None = None,
        request_timeout: float | tuple[float, float] | None = None,
        max_retry_delay_seconds: float = 60,
        buffer_capacity: int | None = None,
        custom_retry_codes: dict[int, bool] | None = None,
        event_store: EventStore | None = None,
        session: Any = None,
        *,
        buffer_size: int | None = None,
        exit_timeout: float = 5.0,
        when_full: WhenFull = "refuse",
        block_timeout: float = 30.0,
    ) -> None:
        self._thread_count = _check.whole(thread_count, 1, name="thread_count")
        super().__init__(
            endpoint,
            protocol,
            port,
            method,
            batch_size,
            on_success,
            on_failure,
            byte_limit,
            request_timeout,
            max_retry_delay_seconds,
            buffer_capacity,
            custom_retry_codes,
            event_store,
            session,
            buffer_size=buffer_size,
            exit_timeout=exit_timeout,
            when_full=when_full,
            block_timeout=block_timeout,
        )
        if (
            isinstance(protocol, _Unasked)
            and "://" not in endpoint
            and not re.match(_LOOPBACK, endpoint)
        ):
            logger.warning(
                'Events travel unencrypted: %s. Give protocol="https", or "http" if it is meant',
                shown(self.endpoint),
            )

    def _start_closed(self) -> None:
        super()._start_closed()
        self._workers = self._new_workers()

    def _new_workers(self) -> _worker.Workers:
        return _worker.Workers(weakref.WeakMethod(self._send_when_woken), self._thread_count)

    @property
    def queue(self) -> SimpleQueue[int | None]:
        """Requests to send that no thread has taken up."""
        return self._workers.queue

    def consume(self) -> None:
        """Send whenever that is asked for: what each thread runs."""
        self._workers.consume()

    def flush(self) -> None:
        """Have all that is stored sent, and return."""
        if self._is_waiting():
            self._delivery.want_flush()
        elif not self._delivery.breaker.is_probed():
            self._forget_bytes()
            # Until a worker begins, there is nothing to call this for with every further event.
            self._batch_full_at = sys.maxsize
            is_awaited = False
            try:
                is_awaited = self._workers.wake()
            finally:
                if not is_awaited:
                    self._note_batch_size()

    def _send_when_woken(self) -> None:
        self._note_batch_size()  # first: what is stored from here on asks again
        self._flush_here()

    def sync_flush(self) -> None:
        """Wait until all that is stored is sent, or given back by a failing collector."""
        if call_override(self, "flush"):
            self._workers.join()
        elif self._is_waiting():
            self._delivery.want_flush()
        elif not self._workers.wait():
            self._flush_here()

    def _deliver(self) -> None:
        wait = self._workers.join if call_override(self, "flush") else self._workers.wait
        if not wait(self._deadline) and not self._workers.are_running():
            self._send_stored()

    def __del__(self) -> None:
        if "_workers" in self.__dict__:
            # The threads know this emitter by a weak reference, which is dead by now.
            self._workers.stop()
            self._workers = self._new_workers()
        super().__del__()

    def close(self, timeout: float | None = None) -> None:
        """Send what is stored, once, stop the threads and take no more events."""
        if self._is_open:
            try:
                super().close(timeout)
            finally:
                self._workers.stop()


note_own(AsyncEmitter, "flush")
