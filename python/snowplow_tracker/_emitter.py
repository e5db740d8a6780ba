"""`Emitter`: when to send, on the thread that tracks."""

from __future__ import annotations

import logging
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from snowplow_tracker import _check, _worker
from snowplow_tracker._batch import batches_of_events
from snowplow_tracker._body_limit import MAX_BODY_BYTES
from snowplow_tracker._closing import ClosingMethods
from snowplow_tracker._delivery import Delivery
from snowplow_tracker._http import HttpMethods, Requester
from snowplow_tracker._intake import WHEN_FULL, IntakeMethods, WhenFull
from snowplow_tracker._log_limit import OncePerMinute, after_locks
from snowplow_tracker._native import EmitterCore
from snowplow_tracker._overrides import call_override, is_own, note_own
from snowplow_tracker._retry import is_success
from snowplow_tracker._stored_events import StoredEvents
from snowplow_tracker.contracts import one_of
from snowplow_tracker.event_store import STORE_METHODS, InMemoryEventStore
from snowplow_tracker.transport import Transport, collector_uri, shown

if TYPE_CHECKING:
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.typing import (
        FailureCallback,
        HttpProtocol,
        Method,
        PayloadDictList,
        SuccessCallback,
    )

__all__ = ["DEFAULT_MAX_LENGTH", "METHODS", "PROTOCOLS", "Emitter", "Requester"]

logger = logging.getLogger("snowplow_tracker.emitters")

DEFAULT_MAX_LENGTH = 10
PROTOCOLS = {"http", "https"}
METHODS = {"get", "post"}

_ATTRIBUTES = {"batch_size", "byte_limit", "event_store", "method"}  # or a subclass's properties
_DECIDES_LANE = _ATTRIBUTES | {"input", "reached_limit"}


class Emitter(EmitterCore, IntakeMethods, HttpMethods, ClosingMethods):
    """Sends events to a collector, on the thread whose `track` fills a batch.

    Args:
        endpoint: The collector: a host, or a URL with scheme, port and path prefix as they are.
        protocol: "http" or "https", where the endpoint has no scheme. Default "https".
        port: Where the endpoint has none. Default: the protocol's own.
        method: "post", or "get" for one request an event. Default "post".
        batch_size: How many events are stored before they are sent. Default 10, for "get" 1.
        on_success: Called with the events that the collector has taken.
        on_failure: Called with how many events got through, and the events that did not.
        byte_limit: Bytes of stored events that make a batch full, and the most that a request
            body may have. Default None: only `batch_size` counts.
        request_timeout: Seconds to connect and for the answer, or a pair. Default None: 10 and 30.
        max_retry_delay_seconds: The most that the delay before another attempt grows to. 60.
        buffer_capacity: The most events that are stored, those being sent included; further ones
            are refused. Default 10,000. A given `event_store` has its own.
        custom_retry_codes: Whether a status is retried, by status; -1 for network errors.
        event_store: Where events are stored. Default: in memory.
        session: A `requests.Session` or any object with its `post` and `get`, instead of own ones.
        buffer_size: The name of `batch_size` in generation 0.x.
        exit_timeout: Seconds that `close` and the exit of the interpreter may take. Default 5.
        when_full: What `track` does while the store is full: "refuse" the event, which is counted
            and logged, or "block", which sends and waits until there is room. Default "refuse".
        block_timeout: Seconds that "block" waits at most, then the event is refused. Default 30.
            It never waits on a thread of an emitter's, in a callback, a finaliser or a signal
            handler, at exit and after `close`.

    Raises:
        ValueError: A parameter is of another type than said above, or out of its range.
        TypeError: Both `batch_size` and `buffer_size` were given.
    """

    _default_capacity = 10_000

    def __init__(
        self,
        endpoint: str,
        protocol: HttpProtocol = "https",
        port: int | None = None,
        method: Method = "post",
        batch_size: int | None = None,
        on_success: SuccessCallback | None = None,
        on_failure: FailureCallback | None = None,
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
        one_of(protocol, PROTOCOLS, name="protocol")
        one_of(method, METHODS, name="method")
        one_of(when_full, WHEN_FULL, name="when_full")
        if batch_size is not None and buffer_size is not None:
            raise TypeError("batch_size and buffer_size are the same: give one of them")
        self._start_closed()
        self.endpoint = self.as_collector_uri(endpoint, protocol, _check.port(port), method)
        self.method = method
        self.on_success = _check.callback(on_success, name="on_success")
        self.on_failure = _check.callback(on_failure, name="on_failure")
        self.byte_limit = _check.count_or_none(byte_limit, name="byte_limit")
        self.bytes_queued = None if byte_limit is None else 0
        self.request_timeout = _check.timeout(request_timeout)
        self.max_retry_delay_seconds = _check.seconds(
            max_retry_delay_seconds, name="max_retry_delay_seconds"
        )
        self.custom_retry_codes = _check.retry_codes(custom_retry_codes)
        self.exit_timeout = _check.seconds(exit_timeout, name="exit_timeout")
        self.when_full = when_full
        self.block_timeout = _check.seconds(block_timeout, name="block_timeout")
        buffer_capacity = _check.count_or_none(buffer_capacity, name="buffer_capacity")
        if event_store is None:
            buffer_capacity = self._default_capacity if buffer_capacity is None else buffer_capacity
            event_store = InMemoryEventStore(logger, buffer_capacity)
        self.event_store: EventStore = _check.having(event_store, STORE_METHODS, name="event_store")
        batch_size = _check.count_or_none(batch_size, name="batch_size")
        buffer_size = _check.count_or_none(buffer_size, name="buffer_size")
        wanted = batch_size if buffer_size is None else buffer_size
        default = DEFAULT_MAX_LENGTH if method == "post" else 1
        self.batch_size = default if wanted is None else wanted
        if buffer_capacity is not None:
            self.batch_size = min(self.batch_size, buffer_capacity)
        self._session = _check.having(session, [method], name="session")
        self._transport = Transport() if session is None else None
        self.request_method = Requester.of(self._transport or session)
        self._own_post = self.request_method.post if session is None else None
        self._open()

    def _start_closed(self) -> None:
        """Set what needs no parameter. Until `_open`, attributes may be set in any order."""
        self._sends_at_once = False
        self._deadline: float | None = None
        self._stored = StoredEvents(self)
        self._delivery = Delivery(self)
        self._refusals = OncePerMinute(logger)
        self.lock = threading.RLock()
        self.timer = _worker.FlushTimer(self, repeating=True)
        self.retry_timer = _worker.FlushTimer(self, repeating=False)

    def _open(self) -> None:
        self._is_open = True
        self._choose_lane()
        _worker.register(self)
        logger.debug("Emitter sends to %s", shown(self.endpoint))

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in _DECIDES_LANE:
            self._choose_lane()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in _DECIDES_LANE:
            self._choose_lane()

    def _choose_lane(self) -> None:
        """Let the tracker append records itself, where nothing of this emitter stands between."""
        if not self._is_open:
            return
        plain = self.method == "post" and self.byte_limit is None and not self._sends_at_once
        replaced = {"input", "reached_limit"} & self.__dict__.keys()
        replaced |= {name for name in _ATTRIBUTES if hasattr(type(self), name)}
        self._note_batch_size()
        own = plain and not replaced
        self._lane = self._stored.records if own else None
        has_records = self._stored.record_store is not None
        self._takes_records = own and self._lane is None and has_records

    def _note_batch_size(self) -> None:
        """Have the tracker call `flush` when the records that it appends make a batch."""
        self._batch_full_at = max(self.batch_size, 0)

    @property
    def buffer_size(self) -> int:
        """The name of `batch_size` in generation 0.x."""
        return self.batch_size

    @buffer_size.setter
    def buffer_size(self, value: int) -> None:
        self.batch_size = value

    @property
    def buffer(self) -> PayloadDictList:
        """The stored events, as in generation 0.x."""
        events: PayloadDictList = cast("Any", self.event_store).event_buffer
        return events

    @buffer.setter
    def buffer(self, events: PayloadDictList) -> None:
        cast("Any", self.event_store).event_buffer = events

    @property
    def retry_delay(self) -> float:
        """Seconds between the last failed attempt and the next one; 0 after a success."""
        return self._delivery.breaker.backoff.delay

    @retry_delay.setter
    def retry_delay(self, seconds: float) -> None:
        self._delivery.breaker.backoff.reset(seconds)

    # Static methods stand here, not in a base: autospec takes inherited ones for others.

    @staticmethod
    def as_collector_uri(
        endpoint: str,
        protocol: HttpProtocol = "https",
        port: int | None = None,
        method: Method = "post",
    ) -> str:
        """Return the address of a collector's endpoint for a method.

        A scheme or port in `endpoint` wins over the parameters, and a path in it stays.

        Raises:
            ValueError: The endpoint is empty.
        """
        return collector_uri(endpoint, protocol, port, method)

    @staticmethod
    def is_good_status_code(status_code: int) -> bool:
        """Whether a status says that the collector has the events."""
        return is_success(status_code)

    # --- out

    def flush(self) -> None:
        """Send all that is stored: in a callback, after it; while an attempt is due later, then."""
        Emitter._flush_here(self)

    def sync_flush(self) -> None:
        """Send all that is stored before returning, by an overridden `flush` if there is one."""
        if not call_override(self, "flush"):
            Emitter._flush_here(self)

    def _flush_here(self) -> None:
        """Send what is stored on this thread, and what callbacks and others wanted meanwhile."""
        delivery = self._delivery
        delivery.want_flush()
        while delivery.breaker.enter():
            try:
                if self._is_waiting() or not delivery.is_flush_wanted():
                    return
                self._send_stored()
            finally:
                if delivery.breaker.leave():
                    delivery.want_flush()

    def async_flush(self) -> None:
        """Do as `flush`."""
        self.flush()

    def _is_waiting(self) -> bool:
        return self._is_retry_due_later() or self._delivery.is_calling_back()

    def _is_retry_due_later(self) -> bool:
        return self.retry_timer.is_active() or self._delivery.breaker.held_for() > 0

    def _forget_bytes(self) -> None:
        if self.bytes_queued is not None:
            self.bytes_queued = 0

    def _send_stored(self) -> None:
        """Send what is stored now, until an attempt fails."""
        self._forget_bytes()
        is_plain = self.method == "post" and is_own(self, "send_events", "attach_sent_timestamp")
        if is_plain and self._stored.record_store is not None:
            batches = self._stored.batches_of_records(self._max_bytes(), _now_ms())
            self._delivery.post(batches)
        else:
            with self._stored.turn() as is_its_turn:
                if is_its_turn and not self._is_retry_due_later():
                    self._send_batches()
        if self._stored.has_failed():  # locked by another program, say: its events are there still
            self._delivery.try_again_later()

    def _send_batches(self) -> None:
        failures = self._delivery.breaker.failures
        for events in self._stored.batches():
            self._hand_to_send_events(events)
            if failures != self._delivery.breaker.failures:
                return

    def _hand_to_send_events(self, events: PayloadDictList) -> None:
        """Call `send_events`. One of the user's own need not tell the store: it has the events."""
        is_told = is_own(self, "send_events") or not self._stored.is_own_store()
        before = self._stored.cleaned_up_here()
        self.send_events(events)
        told_of = self._stored.cleaned_up_here() - before
        kept = 0 if is_told else len(events) - told_of
        if kept > 0:
            with after_locks, self.lock:
                self._stored.cleanup(events[:kept], False)
                self._delivery.counters.add(sent=kept)

    def send_events(self, evts: PayloadDictList) -> None:
        """Send events, call the callbacks, and store again what is to be retried."""
        if not evts:
            return
        self.attach_sent_timestamp(evts)
        if self.method == "post":
            self._delivery.post(batches_of_events(self._stored, list(evts), self._max_bytes()))
        else:
            self._delivery.get(evts)

    @staticmethod
    def attach_sent_timestamp(events: PayloadDictList) -> None:
        """Set each event's `stm`: now, or its own `dtm` if that is later, in milliseconds."""
        now = _now_ms()
        for event in events:
            created = str(event.get("dtm", ""))
            event["stm"] = str(max(now, int(created)) if created.isdecimal() else now)

    def _max_bytes(self) -> int:
        # Written in ASCII, text grows at most threefold.
        largest = MAX_BODY_BYTES if self._sends_utf8() else MAX_BODY_BYTES // 3
        return min(largest, self.byte_limit or largest, self._delivery.body_limit.size)

    def _flush_later(self, seconds: float) -> None:
        """Flush again after a time at the earliest, unless this emitter is at its end."""
        if self._deadline is None:
            self.retry_timer.postpone(seconds)

    # --- timers

    def set_flush_timer(self, timeout: float, flush_now: bool = False) -> None:
        """Flush every `timeout` seconds from now on. Ignored while such a timer runs."""
        if flush_now:
            self.flush()
        self.timer.start(timeout)

    def cancel_flush_timer(self) -> None:
        """Stop flushing by time."""
        self.timer.cancel()

    def _start_empty(self) -> None:
        """Become as new, as in a forked child: what is stored belongs to the parent."""
        if isinstance(self.event_store, InMemoryEventStore):
            self.event_store.forget_all()
        if self._session is not None and "requests" in sys.modules:
            from snowplow_tracker._session import start_anew  # noqa: PLC0415 - which imports requests

            start_anew(self._session)
        was_open, timer = self._is_open, self.timer
        self._start_closed()
        self._forget_bytes()
        if was_open:
            self._open()
            if timer.is_active():
                self.set_flush_timer(timer.interval)

    def stats(self) -> dict[str, Any]:
        """Return what became of the events so far.

        Returns:
            Numbers of events: `tracked` = `queued` + `in_flight` + `sent` + `rejected` +
            `dropped`, and `retried`; `bytes` and `requests` sent; `last_error`, a text or None;
            `oldest_queued_seconds`, the age of the oldest stored event, None where unknown.
        """
        with after_locks, self.lock:  # requests end under it: no event is between two places
            counts: dict[str, Any] = self._delivery.counters.snapshot()
            counts["queued"], counts["in_flight"] = self._queued_and_in_flight()
        parts = ("queued", "in_flight", "sent", "rejected", "dropped")
        oldest = self._stored.oldest_ms()
        return {
            "tracked": sum(counts[part] for part in parts),
            **counts,
            "last_error": self._delivery.counters.last_error,
            "oldest_queued_seconds": None if oldest is None else time.time() - oldest / 1000,
        }

    def _queued_and_in_flight(self) -> tuple[int, int]:
        """Return how many events are stored and being sent, each in one of these places."""
        while True:
            queued, in_flight = self._stored.size(), self._stored.in_flight()
            if self._stored.size() >= queued:  # else some were taken in between
                return queued, in_flight


def _now_ms() -> int:
    from snowplow_tracker import emitters  # noqa: PLC0415 - whose `time` programs patch

    return int(emitters.time.time() * 1000)


note_own(Emitter, "attach_sent_timestamp", "flush", "send_events")
