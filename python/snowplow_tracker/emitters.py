"""Emitters: when to send, and what an answer means for the events that were sent."""

from __future__ import annotations

import importlib
import json
import logging
import re
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, cast

from snowplow_tracker import _native, _worker
from snowplow_tracker._batch import batches_of_events, batches_of_records
from snowplow_tracker._counters import Counters
from snowplow_tracker._log_limit import OncePerMinute
from snowplow_tracker._native import PAYLOAD_DATA_SCHEMA, EmitterCore
from snowplow_tracker._retry import NETWORK_ERROR, Backoff, Verdict, is_retried, is_success, status_of
from snowplow_tracker._worker import FlushTimer
from snowplow_tracker.contracts import one_of
from snowplow_tracker.event_store import InMemoryEventStore
from snowplow_tracker.transport import HEADERS, Transport, lossy_redirect, to_ascii

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from queue import SimpleQueue

    from typing_extensions import Self

    from snowplow_tracker._batch import Batch
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.typing import (
        FailureCallback,
        HttpProtocol,
        Method,
        PayloadDict,
        PayloadDictList,
        SuccessCallback,
    )

__all__ = [
    "DEFAULT_MAX_LENGTH",
    "METHODS",
    "PAYLOAD_DATA_SCHEMA",
    "PROTOCOLS",
    "AsyncEmitter",
    "Emitter",
    "FlushTimer",
    "Requester",
    "logger",
]

logger = logging.getLogger(__name__)

DEFAULT_MAX_LENGTH = 10
PROTOCOLS = {"http", "https"}
METHODS = {"get", "post"}

# A collector takes no body beyond 1,048,576 bytes: it answers 200 and all events are lost.
_MAX_BODY_BYTES = 999_999
_DEFAULT_TIMEOUT = (10.0, 30.0)
_LOOPBACK = re.compile(r"(https?://)?(localhost|127\.[\d.]+|\[::1\])([:/]|$)")
# Equal to what a program may pass, yet no string that it can: tells "http" from nothing given.
_HTTP_UNASKED = cast("HttpProtocol", "".join(("ht", "tp")))
_DECIDES_LANE = frozenset({"batch_size", "byte_limit", "event_store", "input", "method", "reached_limit"})
_refusals = OncePerMinute(logger)


class Requester:
    """The two functions that an emitter sends with, called as those of `requests`."""

    def __init__(self, post: Callable[..., Any], get: Callable[..., Any]) -> None:
        self.post = post
        self.get = get


class Emitter(EmitterCore):
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
        request_timeout: Seconds to connect and to wait for an answer, or a pair of both. Default
            None: 10 and 30.
        max_retry_delay_seconds: The most that the delay before another attempt grows to. 60.
        buffer_capacity: The most events that are stored, those being sent included; further ones
            are refused. Default 10,000. A given `event_store` has its own.
        custom_retry_codes: Whether a status is retried, by status; -1 for network errors.
        event_store: Where events are stored. Default: in memory.
        session: A `requests.Session` or any object with its `post` and `get`, instead of own ones.
        buffer_size: The name of `batch_size` in generation 0.x.
        exit_timeout: Seconds that `close` and the exit of the interpreter may take. Default 5.

    Raises:
        ValueError: The endpoint is empty; method or protocol is none of those above.
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
    ) -> None:
        one_of(protocol, PROTOCOLS, name="protocol")
        one_of(method, METHODS, name="method")
        if batch_size is not None and buffer_size is not None:
            raise TypeError("batch_size and buffer_size are the same: give one of them")
        self._start_closed()
        self.endpoint = self.as_collector_uri(endpoint, protocol, port, method)
        self.method = method
        self.on_success = on_success
        self.on_failure = on_failure
        self.byte_limit = byte_limit
        self.bytes_queued = None if byte_limit is None else 0
        self.request_timeout = request_timeout
        self.max_retry_delay_seconds = max_retry_delay_seconds
        self.custom_retry_codes = {} if custom_retry_codes is None else custom_retry_codes
        self.exit_timeout = exit_timeout
        capacity = self._default_capacity if buffer_capacity is None else buffer_capacity
        wanted = batch_size if buffer_size is None else buffer_size
        default = DEFAULT_MAX_LENGTH if method == "post" else 1
        self.batch_size = min(default if wanted is None else wanted, capacity)
        self.event_store = event_store or InMemoryEventStore(logger, capacity)
        transport = Transport() if session is None else session
        self.request_method = Requester(post=transport.post, get=transport.get)
        self._own_requests = self.request_method if session is None else None
        self._open()

    def _start_closed(self) -> None:
        """Set what needs no parameter. Until `_open`, attributes may be set in any order."""
        self._is_open = False
        self._sends_at_once = False
        self._deadline: float | None = None
        self._counters = Counters()
        self._backoff = Backoff()
        self._awaiting_retry: set[str] = set()
        self._callback = threading.local()
        self.lock = threading.RLock()
        self.timer = FlushTimer(self, repeating=True)
        self.retry_timer = FlushTimer(self, repeating=False)

    def _open(self) -> None:
        self._is_open = True
        self._choose_lane()
        _worker.register(self)
        logger.debug("Emitter sends to %s", self.endpoint)

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
        if not self.__dict__.get("_is_open"):
            return
        plain = self.method == "post" and self.byte_limit is None and not self._sends_at_once
        replaced = {"input", "reached_limit"} & self.__dict__.keys()
        store = self.event_store
        is_ours = type(store) is InMemoryEventStore
        self._batch_full_at = max(self.batch_size, 0)
        self._lane = store.records if plain and is_ours and not replaced else None

    @staticmethod
    def as_collector_uri(
        endpoint: str,
        protocol: HttpProtocol = "https",
        port: int | None = None,
        method: Method = "post",
    ) -> str:
        """Return the address of a collector's endpoint for a method.

        A scheme or port in `endpoint` wins over the parameters, and a path in it stays.
        """
        if not isinstance(endpoint, str) or not endpoint:
            raise ValueError("No endpoint provided: endpoint is empty.")
        scheme, separator, rest = endpoint.rstrip("/").partition("://")
        if not separator:
            scheme, rest = protocol, endpoint.rstrip("/")
        host, slash, path = rest.partition("/")
        if port is not None and not re.search(r":\d+$", host):
            host = f"{host}:{port}"
        target = "i" if method == "get" else "com.snowplowanalytics.snowplow/tp2"
        return f"{scheme}://{host}{slash}{path}/{target}"

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
        return self._backoff.delay

    # --- in

    def input(self, payload: PayloadDict) -> None:
        """Take one event, and send when that fills a batch. For POST, values become text."""
        if not self._is_open:
            self._counters.add(dropped=1)
            _refusals.warning("Event refused: its emitter is closed")
            return
        event = _native.clean_fields(payload, self.method == "post")
        event.pop("stm", None)
        if event.get("eid") in self._awaiting_retry:
            return
        if self.bytes_queued is not None:
            self.bytes_queued += len(str(payload))
        if not self.event_store.add_event(event):
            self._counters.add(dropped=1)
        if self._sends_at_once:
            self._deliver_now()
        elif self.reached_limit():
            self.flush()

    def _input_record(self, record: bytes) -> None:
        """Take a record whose lane was closed in the moment that it came."""
        self._choose_lane()
        self.input(json.loads(record))

    def _refuse(self) -> None:
        """Count a record for which there was no room."""
        self._counters.add(dropped=1)
        cast("InMemoryEventStore", self.event_store).log_full()

    def reached_limit(self) -> bool:
        """Whether the stored events make a batch."""
        if self.byte_limit is not None and (self.bytes_queued or 0) >= self.byte_limit:
            return True
        return self.event_store.size() >= self.batch_size

    # --- out

    def flush(self) -> None:
        """Send all that is stored. While an attempt is due later, or in a callback, do nothing."""
        if not self._is_waiting():
            self._send_stored()

    def sync_flush(self) -> None:
        """Send all that is stored before returning."""
        Emitter.flush(self)

    def async_flush(self) -> None:
        """Do as `flush`."""
        self.flush()

    def _is_waiting(self) -> bool:
        return self.retry_timer.is_active() or getattr(self._callback, "is_running", False)

    def _send_stored(self) -> None:
        if self.bytes_queued is not None:
            self.bytes_queued = 0
        records = getattr(self.event_store, "records", None)
        is_ours = type(self.event_store) is InMemoryEventStore and self.method == "post"
        if is_ours and records is not None and self._is_own("send_events", "attach_sent_timestamp"):
            self._deliver_all(batches_of_records(records, self._max_bytes()))
        elif events := self.event_store.get_events_batch():
            self.send_events(events)

    def send_events(self, evts: PayloadDictList) -> None:
        """Send events, call the callbacks, and store again what is to be retried."""
        if not evts:
            return
        self.attach_sent_timestamp(evts)
        if self.method == "post":
            batches = batches_of_events(self.event_store, list(evts), self._max_bytes())
            self._deliver_all(batches)
        else:
            self._send_by_get(evts)

    @staticmethod
    def attach_sent_timestamp(events: PayloadDictList) -> None:
        """Set each event's `stm`: now, or its own `dtm` if that is later, in milliseconds."""
        now = int(time.time() * 1000)
        for event in events:
            created = str(event.get("dtm", ""))
            event["stm"] = str(max(now, int(created)) if created.isdecimal() else now)

    def http_post(self, data: str | bytes) -> int:
        """Send a body by POST. Returns the status, -1 after a network error."""
        own = self.request_method is self._own_requests
        return self._ask(
            self.request_method.post, data=data if own else to_ascii(data), headers=dict(HEADERS)
        )

    def http_get(self, payload: PayloadDict) -> int:
        """Send an event by GET. Returns the status, -1 after a network error."""
        return self._ask(self.request_method.get, params=payload)

    def _ask(self, send: Callable[..., Any], **request: Any) -> int:
        try:
            response = send(self.endpoint, timeout=self._timeout(), **request)
        except Exception as error:  # noqa: BLE001 - a given session may raise anything
            self._counters.last_error = f"{type(error).__name__}: {error}"
            return NETWORK_ERROR
        redirect = lossy_redirect(response) if "data" in request else None
        if redirect is not None:
            status, location = redirect
            self._counters.last_error = f"HTTP {status}, redirected to {location}"
            return status
        status = status_of(response)
        if not is_success(status):
            self._counters.last_error = f"HTTP {status}"
        return status

    @staticmethod
    def is_good_status_code(status_code: int) -> bool:
        """Whether a status says that the collector has the events."""
        return is_success(status_code)

    def _timeout(self) -> tuple[float, float]:
        """Return the seconds to connect and to wait, none beyond the deadline of a close."""
        given = self.request_timeout
        if given is None:
            given = _DEFAULT_TIMEOUT
        connect, read = given if isinstance(given, tuple) else (given, given)
        if self._deadline is None:
            return connect, read
        left = max(self._deadline - time.monotonic(), 0.001)
        return min(connect, left), min(read, left)

    def _max_bytes(self) -> int:
        return min(_MAX_BODY_BYTES, self.byte_limit or _MAX_BODY_BYTES)

    def _deliver_all(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            if not self._deliver(batch):
                return

    def _deliver(self, batch: Batch) -> bool:
        """Send one batch and settle it. Returns whether the next one may follow."""
        if len(batch.body) > _MAX_BODY_BYTES:
            self._counters.last_error = f"too large for any request: {len(batch.body)} bytes"
            verdict = Verdict.REJECTED
        else:
            verdict = self._verdict(self._attempt("http_post", batch.body))
            self._counters.add(requests=1, bytes=len(batch.body))
        events = batch.events() if self._wants_events(verdict) else []
        batch.settle(verdict is Verdict.RETRY)
        self._conclude({verdict: len(batch)}, events)
        if verdict is Verdict.SENT:
            self._call_back(self.on_success, events)
        else:
            self._call_back(self.on_failure, 0, events)
        return verdict is not Verdict.RETRY

    def _send_by_get(self, events: PayloadDictList) -> None:
        outcome: dict[Verdict, PayloadDictList] = {verdict: [] for verdict in Verdict}
        for event in events:
            outcome[self._verdict(self._attempt("http_get", event))].append(event)
        sent, failed = outcome[Verdict.SENT], outcome[Verdict.REJECTED] + outcome[Verdict.RETRY]
        self._counters.add(requests=len(events))
        for verdict, part in outcome.items():
            if part:
                self.event_store.cleanup(part, verdict is Verdict.RETRY)
        self._conclude({verdict: len(part) for verdict, part in outcome.items()}, failed)
        if sent:
            self._call_back(self.on_success, sent)
        if failed:
            self._call_back(self.on_failure, len(sent), failed)

    def _attempt(self, method: str, argument: Any) -> int:
        """Call `http_post` or `http_get`, which may be the user's own and raise."""
        if method == "http_post" and not self._is_own(method):
            argument = to_ascii(argument)
        try:
            return status_of(getattr(self, method)(argument))
        except Exception as error:
            logger.exception("%s failed", method)
            self._counters.last_error = f"{type(error).__name__}: {error}"
            return NETWORK_ERROR

    def _verdict(self, status: int) -> Verdict:
        if self.is_good_status_code(status):
            return Verdict.SENT
        return Verdict.RETRY if is_retried(status, self.custom_retry_codes) else Verdict.REJECTED

    def _wants_events(self, verdict: Verdict) -> bool:
        callback = self.on_success if verdict is Verdict.SENT else self.on_failure
        return callback is not None or bool(self._awaiting_retry)

    def _conclude(self, counts: dict[Verdict, int], events: PayloadDictList) -> None:
        """Count and log what became of events, and see to the next attempt for those to retry."""
        retried, rejected = counts.get(Verdict.RETRY, 0), counts.get(Verdict.REJECTED, 0)
        self._counters.add(sent=counts.get(Verdict.SENT, 0), retried=retried, rejected=rejected)
        ids = {str(event["eid"]) for event in events if "eid" in event}
        if rejected:
            logger.error("%d events given up: %s", rejected, self._counters.last_error)
        if not retried:
            self._backoff.reset()
            self._awaiting_retry -= ids
            return
        if self.on_failure is not None:
            self._awaiting_retry |= ids
        delay = self._backoff.grow(self.max_retry_delay_seconds)
        if self._deadline is None:
            self.retry_timer.start(delay)
        logger.warning("%d events not sent, to be retried: %s", retried, self._counters.last_error)

    def _call_back(self, callback: Callable[..., None] | None, *arguments: Any) -> None:
        if callback is None:
            return
        self._callback.is_running = True
        try:
            callback(*arguments)
        except Exception:
            logger.exception("A callback of the emitter failed")
        finally:
            self._callback.is_running = False

    def _is_own(self, *methods: str) -> bool:
        """Whether methods are this class's own, neither overridden nor replaced."""
        return all(
            name not in self.__dict__ and getattr(type(self), name) is _OWN_METHODS[name]
            for name in methods
        )

    # --- timers

    def set_flush_timer(self, timeout: float, flush_now: bool = False) -> None:
        """Flush every `timeout` seconds from now on. Ignored while such a timer runs."""
        if flush_now:
            self.flush()
        self.timer.start(timeout)

    def cancel_flush_timer(self) -> None:
        """Stop flushing by time."""
        self.timer.cancel()

    # --- end

    def close(self, timeout: float | None = None) -> None:
        """Send what is stored, once, and take no more events.

        Args:
            timeout: Seconds that this may take. Default None: `exit_timeout`.
        """
        if not self._is_open:
            return
        self._is_open = False
        self._lane = None
        if type(self.event_store) is InMemoryEventStore and self.event_store.records is not None:
            self.event_store.records.seal()
        self._finish(time.monotonic() + (self.exit_timeout if timeout is None else timeout))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if self.__dict__.get("_is_open") and self.unanswered():
            _worker.adopt(self)

    def deliver_before_exit(self, seconds: float) -> None:
        """Send what is stored, within a time; what is tracked from now on is sent at once."""
        if self._is_open:
            self._sends_at_once = True
            self._choose_lane()
            self._finish(time.monotonic() + seconds)

    def _finish(self, deadline: float) -> None:
        self.timer.cancel()
        self.retry_timer.cancel()
        self._deadline = deadline
        if self.unanswered():
            self._deliver_now()
        if left := self.unanswered():
            logger.warning("%d events were not delivered: %s", left, self._counters.last_error)

    def _deliver_now(self) -> None:
        self._send_stored()

    def unanswered(self) -> int:
        """Return how many events are stored or being sent."""
        return self.event_store.size() + self._in_flight()

    def _in_flight(self) -> int:
        in_flight: int = getattr(self.event_store, "in_flight", 0)
        return in_flight

    def start_empty(self) -> None:
        """Become as new, as in a forked child: what is stored belongs to the parent."""
        if isinstance(self.event_store, InMemoryEventStore):
            self.event_store.forget_all()
        self._start_closed()
        self._open()

    def stats(self) -> dict[str, Any]:
        """Return what became of the events so far.

        Returns:
            Numbers of events: `tracked` = `queued` + `in_flight` + `sent` + `rejected` +
            `dropped`, and `retried`; `bytes` and `requests` sent; `last_error`, a text or None;
            `oldest_queued_seconds`, the age of the oldest stored event, None where unknown.
        """
        counts: dict[str, Any] = self._counters.snapshot()
        counts["queued"], counts["in_flight"] = self.event_store.size(), self._in_flight()
        parts = ("queued", "in_flight", "sent", "rejected", "dropped")
        records = getattr(self.event_store, "records", None)
        oldest = None if records is None else records.oldest_ms
        return {
            "tracked": sum(counts[part] for part in parts),
            **counts,
            "last_error": self._counters.last_error,
            "oldest_queued_seconds": None if oldest is None else time.time() - oldest / 1000,
        }


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
    ) -> None:
        self._thread_count = thread_count
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
        )
        if protocol is _HTTP_UNASKED and "://" not in endpoint and not _LOOPBACK.match(endpoint):
            logger.warning("Events travel unencrypted, protocol was not given: %s", self.endpoint)

    def _start_closed(self) -> None:
        super()._start_closed()
        work = weakref.WeakMethod(self._send_stored_unless_waiting)
        self._workers = _worker.Workers(work, self._thread_count)

    def _send_stored_unless_waiting(self) -> None:
        if not self._is_waiting():
            self._send_stored()

    @property
    def queue(self) -> SimpleQueue[int | None]:
        """Requests to send that no thread has taken up."""
        return self._workers.queue

    def consume(self) -> None:
        """Send whenever that is asked for: what each thread runs."""
        self._workers.consume()

    def flush(self) -> None:
        """Have all that is stored sent, and return."""
        if not self._is_waiting():
            self._workers.wake()

    def sync_flush(self) -> None:
        """Wait until all that is stored is sent, or given back by a failing collector."""
        if not self._is_waiting() and not self._workers.wait():
            self._send_stored()

    def _deliver_now(self) -> None:
        if not self._workers.wait(self._deadline) and not self._workers.are_running():
            self._send_stored()

    def close(self, timeout: float | None = None) -> None:
        """Send what is stored, once, stop the threads and take no more events."""
        super().close(timeout)
        self._workers.stop()


_OWN_METHODS = {name: getattr(Emitter, name) for name in ("attach_sent_timestamp", "http_post", "send_events")}


def __getattr__(name: str) -> Any:
    # Programs patch `snowplow_tracker.emitters.requests.post`; importing it costs more than this package.
    if name == "requests":
        return importlib.import_module("requests")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
