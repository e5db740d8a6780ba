"""`DeliveryHost`: every hook and attribute of an emitter that delivery reads. Types only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from snowplow_tracker._http.client import Requester
    from snowplow_tracker._lifecycle.timer import FlushTimer
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.typing import (
        CustomHeaders,
        FailureCallback,
        Method,
        PayloadDict,
        PayloadDictList,
        SuccessCallback,
    )

__all__ = ["DeliveryHost"]


class DeliveryHost(Protocol):
    """An emitter as delivery sees it.

    Programs override these methods, patch them on a class or an instance, and assign these
    attributes. So delivery reads each one from the emitter when it needs it, and keeps none.
    """

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
    when_full: Any
    block_timeout: float
    post_path: str
    get_path: str
    server_anonymous: bool
    lock: AbstractContextManager[Any]
    timer: FlushTimer
    retry_timer: FlushTimer

    @property
    def custom_headers(self) -> CustomHeaders | None:
        """Headers of each request, or a function that returns those of the next one."""
        ...

    def input(self, payload: PayloadDict) -> None:
        """Accept one event."""

    def reached_limit(self) -> bool:
        """Return whether the stored events make a batch."""
        ...

    def flush(self) -> None:
        """Send what is stored."""

    def send_events(self, evts: PayloadDictList) -> None:
        """Send events that were taken from the store."""

    def attach_sent_timestamp(self, events: PayloadDictList) -> None:
        """Set each event's `stm`."""

    def http_post(self, data: Any) -> Any:
        """Send a request body. Returns the status, or whatever an override returns."""

    def http_get(self, payload: PayloadDict) -> Any:
        """Send an event by GET. Returns the status, or whatever an override returns."""

    def is_good_status_code(self, status_code: int) -> bool:
        """Return whether a status means that the collector has the events."""
        ...

    def set_flush_timer(self, timeout: float, flush_now: bool = False) -> None:
        """Flush periodically."""

    def close(self, timeout: float | None = None) -> None:
        """Send what is stored, once, and accept no more events."""
