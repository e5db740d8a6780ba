"""`Emitter`: its attributes and hooks, whose bodies call the engine."""

from __future__ import annotations

import time
from functools import partial
from operator import attrgetter

from snowplow_tracker._delivery.record_sink import RecordSink
from snowplow_tracker._delivery.settings import resolve_settings
from snowplow_tracker._http.endpoint import GET_PATH, POST_PATH, collector_uri, resolve_paths
from snowplow_tracker._lifecycle.process import follow_logging
from snowplow_tracker._locks import importing, sections
from snowplow_tracker._native import EmitterCore
from snowplow_tracker._overrides import call_override, register_originals
from snowplow_tracker._validation import require_headers, require_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    from typing_extensions import Self

    from snowplow_tracker._delivery.engine import DeliveryEngine
    from snowplow_tracker._http.client import Requester
    from snowplow_tracker._lifecycle.timer import FlushTimer
    from snowplow_tracker._validation import WhenFull
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.typing import (
        CustomHeaders,
        FailureCallback,
        HttpProtocol,
        Method,
        PayloadDict,
        PayloadDictList,
        SuccessCallback,
    )

__all__ = ["Emitter", "accept_record", "engine_of", "use_namespace"]

_MAX_MS = 2**63 - 1
# The namespace of `snowplow_tracker.emitters`, in which programs replace `time` and `requests`.
_namespace: dict[str, Any] = {"time": time}


class Emitter(EmitterCore):
    """Sends events to a collector, on the thread whose `track` completes a batch.

    Args:
        endpoint: The collector: a host, or a URL whose scheme, port and path prefix are kept.
        protocol: "http" or "https", if the endpoint has no scheme. Default "https".
        port: The port, if the endpoint has none. Default: the protocol's own.
        method: "post", or "get" for one request per event. Default "post".
        batch_size: Number of stored events that triggers a flush. Default 10; 1 for "get".
        on_success: Called with the events that the collector has accepted.
        on_failure: Called with the number of events that were sent, and the events that failed.
        byte_limit: Bytes of stored events that trigger a flush. Default None: `batch_size` alone.
        request_timeout: Seconds to connect and to respond, or a pair. Default None: 10 and 30.
        max_retry_delay_seconds: Maximum delay before another attempt. Default 60.
        buffer_capacity: Maximum number of stored events, without an `event_store`. Default 10,000.
        custom_retry_codes: Whether to retry, by status; -1 stands for network errors.
        event_store: Where events are stored. Default: in memory.
        session: A `requests.Session`, or an object with its `post` and `get`. Default: own ones.
        buffer_size: The name of `batch_size` in version 0.x.
        exit_timeout: Seconds that `close` and the exit of the interpreter may take. Default 5.
        when_full: "refuse" drops and counts events while the store is full; "block" waits.
        block_timeout: Maximum seconds that "block" waits before it refuses. Default 30.
        custom_headers: Headers of each request, or a function that returns those of the next one.
        post_path: The path of POST below that of the endpoint, or with a slash an absolute one.
        get_path: The path of GET. Default "i".
        server_anonymous: Whether the collector is asked to keep no IP address and no cookie.

    Raises:
        ValueError: A parameter has another type than described above, or is out of range.
        TypeError: Both `batch_size` and `buffer_size` were given.
    """

    __module__ = "snowplow_tracker.emitters"

    endpoint: str
    method: Method
    batch_size: int
    byte_limit: int | None
    bytes_queued: int | None
    on_success: SuccessCallback | None
    on_failure: FailureCallback | None
    request_timeout: float | tuple[float | None, float | None] | None
    max_retry_delay_seconds: float
    custom_retry_codes: dict[int, bool]
    event_store: EventStore
    request_method: Requester
    exit_timeout: float
    when_full: WhenFull
    block_timeout: float
    post_path: str
    get_path: str
    server_anonymous: bool
    lock: AbstractContextManager[Any]
    timer: FlushTimer
    retry_timer: FlushTimer

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
        custom_headers: CustomHeaders | None = None,
        post_path: str = POST_PATH,
        get_path: str = GET_PATH,
        server_anonymous: bool = False,
    ) -> None:
        settings = resolve_settings(locals())
        self.__engine = _new_engine(self, settings.pop("session"))
        uri = self.as_collector_uri(endpoint, protocol, settings.pop("port"), method)
        self.endpoint, settings["post_path"] = resolve_paths(uri, method, get_path, post_path)
        for name, value in settings.items():
            setattr(self, name, value)
        self.request_method = self.__engine.client.requester
        self.__engine.activate()

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in RecordSink.SELECTED_BY and (engine := _engine_if_any(self)) is not None:
            engine.sink.update()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in RecordSink.SELECTED_BY and (engine := _engine_if_any(self)) is not None:
            engine.sink.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if (engine := _engine_if_any(self)) is not None:
            engine.abandon()

    def __copy__(self) -> Self:
        """Return an emitter that sends what either of them stores: they share the event store."""
        copied = type(self).__new__(type(self))
        engine = self.__engine
        vars(copied).update({n: v for n, v in vars(self).items() if v is not engine})
        copied.__engine = engine.copy_for(copied)  # noqa: SLF001 - an emitter as well
        return copied

    @property
    def custom_headers(self) -> CustomHeaders | None:
        """Headers of each request, or a function that returns those of the next one."""
        headers: CustomHeaders | None = vars(self)["custom_headers"]
        return headers

    @custom_headers.setter
    def custom_headers(self, headers: CustomHeaders | None) -> None:
        vars(self)["custom_headers"] = require_headers(headers)

    @property
    def buffer_size(self) -> int:
        """The name of `batch_size` in version 0.x."""
        return self.batch_size

    @buffer_size.setter
    def buffer_size(self, value: int) -> None:
        self.batch_size = value

    @property
    def buffer(self) -> PayloadDictList:
        """The stored events, as in version 0.x."""
        self.__engine.current()
        store: Any = self.event_store
        events: PayloadDictList = store.event_buffer
        return events

    @buffer.setter
    def buffer(self, events: PayloadDictList) -> None:
        store: Any = self.event_store
        store.event_buffer = events

    @property
    def retry_delay(self) -> float:
        """Seconds between the last failed attempt and the next one; 0 after a success."""
        return self.__engine.context.breaker.backoff.delay

    @retry_delay.setter
    def retry_delay(self, seconds: float) -> None:
        self.__engine.context.breaker.backoff.reset(seconds)

    def input(self, payload: PayloadDict) -> None:
        """Accept one event, and flush if it completes a batch. For POST, values become text."""
        self.__engine.current().accept(payload)

    def reached_limit(self) -> bool:
        """Return whether the stored events make a batch."""
        return self.__engine.has_reached_limit()

    def flush(self) -> None:
        """Send all that is stored: in a callback, after it; while a retry is pending, with it."""
        self.__engine.current().flusher.flush_here()

    def sync_flush(self) -> None:
        """Send all that is stored before returning, through `flush` if that is overridden."""
        if not call_override(self, "flush"):
            self.__engine.current().flusher.flush_here()

    def async_flush(self) -> None:
        """Do the same as `flush`."""
        self.flush()

    def flush_within(self, timeout: float = 10.0) -> bool:
        """Have all that is stored sent on another thread, and wait for it.

        Failed attempts are repeated meanwhile. After the time, delivery goes on.

        Args:
            timeout: Maximum seconds. Default 10.

        Returns:
            Whether all that was stored at the call was delivered. False after the time-out, if an
            event was given up, and in callbacks, for which delivery waits.
        """
        seconds = require_seconds(timeout, name="timeout")
        return self.__engine.current().background.deliver_within(seconds)

    async def aflush(self, timeout: float | None = 10.0) -> bool:
        """Do the same as `flush_within`, while the event loop goes on.

        Cancellation ends the wait, not the delivery.

        Args:
            timeout: Maximum seconds. Default 10. None: as long as it takes.

        Returns:
            Whether all that was stored at the call was delivered. False after the time-out, and if
            an event was given up.
        """
        from snowplow_tracker._delivery.awaiting import (  # noqa: PLC0415 - imports asyncio
            flush_emitter,
        )

        return await flush_emitter(self.__engine.current().background, timeout)

    def send_events(self, evts: PayloadDictList) -> None:
        """Send events, run the callbacks, and store again what is to be retried."""
        self.__engine.current().flusher.send_events(evts)

    @staticmethod
    def attach_sent_timestamp(events: PayloadDictList) -> None:
        """Set each event's `stm` to now, or to its own `dtm` if that is later, in milliseconds."""
        from snowplow_tracker._delivery.batch import set_sent_time  # noqa: PLC0415 - see `_new_engine`

        set_sent_time(events, _now_ms())

    def http_post(self, data: str) -> int:
        """Send a request body by POST. Returns the status, -1 after a network error."""
        return self.__engine.current().transport.post(data)  # unless overridden, also bytes

    def http_get(self, payload: PayloadDict) -> int:
        """Send an event by GET, or by POST if it is too long. Returns as `http_post` does."""
        return self.__engine.current().transport.get(payload)

    @staticmethod
    def is_good_status_code(status_code: int) -> bool:
        """Return whether a status means that the collector has the events."""
        from snowplow_tracker._http.status import is_success  # noqa: PLC0415 - see `_new_engine`

        return is_success(status_code)

    @staticmethod
    def as_collector_uri(
        endpoint: str,
        protocol: HttpProtocol = "https",
        port: int | None = None,
        method: Method = "post",
    ) -> str:
        """Return the URL for a method. Scheme, port and path in `endpoint` take precedence.

        Raises:
            ValueError: The endpoint is empty.
        """
        return collector_uri(endpoint, protocol, port, method)

    def set_flush_timer(self, timeout: float, flush_now: bool = False) -> None:
        """Flush every `timeout` seconds from now on. Ignored while such a timer is running."""
        self.__engine.current()
        if flush_now:
            self.flush()
        self.timer.start(timeout)

    def cancel_flush_timer(self) -> None:
        """Stop flushing periodically."""
        self.timer.cancel()

    def stats(self) -> dict[str, Any]:
        """Return what became of the events so far.

        Returns:
            Numbers of events: `tracked` = `queued` + `in_flight` + `sent` + `rejected` +
            `dropped`, and `retried`; `bytes` and `requests` sent; `last_error`, a text or None;
            `oldest_queued_seconds`, the age of the oldest stored event, None if unknown.
        """
        return self.__engine.current().stats()

    def flush_on_sigterm(self) -> None:
        """Deliver on SIGTERM, too. ValueError off the main thread. See docs/guides/servers.md."""
        self.__engine.current().flush_on_sigterm()

    def close(self, timeout: float | None = None) -> None:
        """Send what is stored, once, stop the threads and accept no more events.

        Nothing is sent while a Retry-After forbids it. The number of events left is logged.

        Args:
            timeout: Maximum seconds. Default None: `exit_timeout`.
        """
        if (engine := _engine_if_any(self)) is not None:
            engine.current().close(timeout)

    async def aclose(self, timeout: float | None = None) -> None:
        """Do the same as `close`, on a thread, while the event loop goes on.

        Args:
            timeout: Maximum seconds. Default None: `exit_timeout`.
        """
        from snowplow_tracker._delivery.awaiting import (  # noqa: PLC0415 - imports asyncio
            close_emitter,
        )

        await close_emitter(partial(self.close, timeout))


def _new_engine(emitter: Emitter, session: Any) -> DeliveryEngine:
    """Return the engine of a new emitter.

    The first one imports the modules of delivery, which a program without an emitter need not wait
    for. A fork by another thread waits for that: see `hold_imports`.
    """
    follow_logging()
    with sections, sections.emitter(), importing:
        from snowplow_tracker._delivery.engine import DeliveryEngine  # noqa: PLC0415
    return DeliveryEngine(emitter, session, _requests, _now_ms)


engine_of: Callable[[Emitter], DeliveryEngine] = attrgetter("_Emitter__engine")


def use_namespace(namespace: dict[str, Any]) -> None:
    """Look up `time` and `requests` in the namespace of a module, in which programs patch them."""
    global _namespace  # noqa: PLW0603 - one module, for all emitters
    _namespace = namespace


def _engine_if_any(emitter: Emitter) -> DeliveryEngine | None:
    """Return an emitter's engine; None if a subclass has not called the constructor (yet)."""
    return vars(emitter).get("_Emitter__engine")


def accept_record(emitter: Emitter, record: bytes | None, created_ms: int) -> None:
    """Accept a record that native code could not append. Native code calls this."""
    engine_of(emitter).current().accept_record(record, created_ms)


def _now_ms() -> int:
    """Return the time in milliseconds. That of a replaced clock is cut to 64 bits."""
    return int(max(-_MAX_MS, min(_MAX_MS, _namespace["time"].time() * 1000)))


def _requests() -> Any:
    """Return the module `requests`, or what a program has put in its place."""
    if (patched := _namespace.get("requests")) is not None:
        return patched
    import requests  # noqa: PLC0415 - heavy

    return requests


register_originals(
    Emitter, "attach_sent_timestamp", "flush", "http_get", "http_post", "send_events"
)
