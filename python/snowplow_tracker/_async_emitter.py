"""`AsyncEmitter`: an emitter that sends on threads of its own."""

from __future__ import annotations

from snowplow_tracker._delivery.settings import HTTP_BY_DEFAULT, warn_of_plain_http
from snowplow_tracker._emitter import Emitter, engine_of
from snowplow_tracker._http.endpoint import GET_PATH, POST_PATH
from snowplow_tracker._overrides import register_originals
from snowplow_tracker._validation import require_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from snowplow_tracker._lifecycle.workers import RequestQueue
    from snowplow_tracker._validation import WhenFull
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.typing import (
        CustomHeaders,
        FailureCallback,
        HttpProtocol,
        Method,
        SuccessCallback,
    )

__all__ = ["AsyncEmitter"]


class AsyncEmitter(Emitter):
    """Sends events to a collector on threads of its own, never on one that tracks.

    The parameters are those of `Emitter`, but `thread_count` comes eighth.

    Args:
        endpoint: As for `Emitter`.
        protocol: Default "http", as in both earlier versions. A warning is logged if that is
            not asked for and the host is another machine.
        thread_count: Number of threads that send. Default 1.
        buffer_capacity: Default 100,000 events.
    """

    __module__ = "snowplow_tracker.emitters"

    def __init__(
        self,
        endpoint: str,
        protocol: HttpProtocol = HTTP_BY_DEFAULT,
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
        custom_headers: CustomHeaders | None = None,
        post_path: str = POST_PATH,
        get_path: str = GET_PATH,
        server_anonymous: bool = False,
    ) -> None:
        thread_count = require_int(thread_count, 1, name="thread_count")
        if event_store is None and buffer_capacity is None:
            buffer_capacity = 100_000
        parameters = locals()
        for name in ("self", "__class__", "thread_count"):
            parameters.pop(name, None)
        super().__init__(**parameters)
        engine_of(self).use_workers(thread_count)
        if protocol is HTTP_BY_DEFAULT:
            warn_of_plain_http(endpoint, self.endpoint)

    @property
    def queue(self) -> RequestQueue:
        """Requested flushes that no thread has taken up."""
        return engine_of(self).current().workers.pool.queue

    def consume(self) -> None:
        """Send whenever a flush is requested: the target of each thread."""
        engine_of(self).current().workers.pool.run()

    def flush(self) -> None:
        """Have all that is stored sent, and return."""
        engine_of(self).current().workers.flush()

    def sync_flush(self) -> None:
        """Wait until all that is stored is sent, or stored again because the collector fails."""
        engine_of(self).current().workers.sync_flush()


register_originals(AsyncEmitter, "flush")
