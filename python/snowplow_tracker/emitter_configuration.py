"""`EmitterConfiguration`: how an emitter that `Snowplow` creates sends events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snowplow_tracker._http.endpoint import GET_PATH, POST_PATH, require_path
from snowplow_tracker._http.headers import HeaderNames
from snowplow_tracker._loggers import find_logger
from snowplow_tracker._validation import (
    require_callback,
    require_flag,
    require_headers,
    require_int_or_none,
    require_retry_codes,
    require_retry_rule,
    require_seconds,
    require_timeout,
    require_when_full,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from snowplow_tracker._validation import WhenFull
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.typing import CustomHeaders, FailureCallback, SuccessCallback

__all__ = ["EmitterConfiguration"]

logger = find_logger(__name__)


def _setting(name: str, check: Callable[[Any], Any]) -> Any:
    """Return a property that stores what `check` returns for an assigned value.

    The value is stored in the instance's `__dict__` under the property's own name, since any
    other name could be one that a subclass uses. A property takes precedence over that entry:
    https://docs.python.org/3/howto/descriptor.html#invocation-from-an-instance
    """

    def get(config: EmitterConfiguration) -> Any:
        try:
            return vars(config)[name]
        except KeyError:
            raise AttributeError(f"{name} is not set yet") from None

    def set_(config: EmitterConfiguration, value: Any) -> None:
        vars(config)[name] = check(value)

    return property(get, set_, doc=f"See the parameter `{name}` of `Emitter`.")


def _count(name: str) -> Any:
    return _setting(name, lambda value: require_int_or_none(value, 0, name=name))


def _callback(name: str) -> Any:
    return _setting(name, lambda value: require_callback(value, name=name))


def _seconds(name: str) -> Any:
    return _setting(name, lambda value: require_seconds(value, name=name))


def _path(name: str) -> Any:
    return _setting(name, lambda value: require_path(value, name=name))


def _unchecked(name: str) -> Any:
    return _setting(name, lambda value: value)


class EmitterConfiguration:
    """Settings of an emitter for `Snowplow.create_tracker`, named like the parameters of `Emitter`.

    Each setting is a property, too. None means the emitter's default.

    Raises:
        ValueError: `Emitter` does not accept the value of a setting, or a count is not an int.
            `event_store` and `session` are checked when the emitter is created.
    """

    batch_size: int | None = _count("batch_size")
    """Number of events sent together. Default 10, for "get" 1."""

    on_success: SuccessCallback | None = _callback("on_success")
    """Called with the events of each request that the collector accepted."""

    on_failure: FailureCallback | None = _callback("on_failure")
    """Called after a failed attempt, with the number of events sent and the events not sent."""

    byte_limit: int | None = _count("byte_limit")
    """Number of bytes of stored events at which they are sent. By default there is no limit."""

    request_timeout: float | tuple[float, float] | None = _setting(
        "request_timeout", require_timeout
    )
    """Time-out of a request in seconds, or a pair (to connect, to read). Default (10, 30)."""

    buffer_capacity: int | None = _count("buffer_capacity")
    """Maximum number of events stored or being sent. Default 10,000."""

    custom_retry_codes: dict[int, bool] = _setting("custom_retry_codes", require_retry_codes)
    """Whether to retry after an HTTP status, by status. -1 stands for network errors."""

    event_store: EventStore | None = _unchecked("event_store")
    """Store of the events until they are sent. Default: a new `InMemoryEventStore`."""

    session: requests.Session | None = _unchecked("session")
    """Session that sends the requests. Default: a session of the emitter's own."""

    max_retry_delay_seconds: float = _seconds("max_retry_delay_seconds")
    """Maximum delay between two attempts, in seconds. Default 60."""

    exit_timeout: float = _seconds("exit_timeout")
    """Time limit for the last delivery, in `close` and at exit, in seconds. Default 5."""

    when_full: WhenFull = _setting("when_full", require_when_full)
    """What happens to a new event while the store is full: "refuse" (default) or "block"."""

    block_timeout: float = _seconds("block_timeout")
    """Maximum wait of an event for room in the store with "block", in seconds. Default 30."""

    custom_headers: CustomHeaders | None = _setting("custom_headers", require_headers)
    """Headers of each request, or a function that returns those of the next one."""

    post_path: str = _path("post_path")
    """Path of POST requests. Default "com.snowplowanalytics.snowplow/tp2"."""

    get_path: str = _path("get_path")
    """Path of GET requests. Default "i"."""

    server_anonymous: bool = _setting(
        "server_anonymous", lambda value: require_flag(value, name="server_anonymous")
    )
    """Whether the collector is asked to keep no IP address and no cookie. Default False."""

    def __init__(
        self,
        batch_size: int | None = None,
        on_success: SuccessCallback | None = None,
        on_failure: FailureCallback | None = None,
        byte_limit: int | None = None,
        request_timeout: float | tuple[float, float] | None = None,
        buffer_capacity: int | None = None,
        custom_retry_codes: dict[int, bool] | None = None,
        event_store: EventStore | None = None,
        session: requests.Session | None = None,
        max_retry_delay_seconds: float = 60,
        exit_timeout: float = 5.0,
        when_full: WhenFull = "refuse",
        block_timeout: float = 30.0,
        custom_headers: CustomHeaders | None = None,
        post_path: str = POST_PATH,
        get_path: str = GET_PATH,
        server_anonymous: bool = False,
    ) -> None:
        self.batch_size = batch_size
        self.on_success = on_success
        self.on_failure = on_failure
        self.byte_limit = byte_limit
        self.request_timeout = request_timeout
        self.buffer_capacity = buffer_capacity
        self.custom_retry_codes = {} if custom_retry_codes is None else custom_retry_codes
        self.event_store = event_store
        self.session = session
        self.max_retry_delay_seconds = max_retry_delay_seconds
        self.exit_timeout = exit_timeout
        self.when_full = when_full
        self.block_timeout = block_timeout
        self.custom_headers = custom_headers
        self.post_path = post_path
        self.get_path = get_path
        self.server_anonymous = server_anonymous

    def __repr__(self) -> str:
        shown = {**vars(self), "custom_headers": HeaderNames(self.custom_headers)}
        settings = ", ".join(f"{name}={value!r}" for name, value in shown.items())
        return f"{type(self).__name__}({settings})"

    def set_retry_code(self, status_code: int, retry: bool = True) -> bool:
        """Set whether to retry after an HTTP status, or after network errors (-1).

        Returns:
            True. False if `status_code` is not an int, or is 2xx, which is never retried, or if
            `retry` is not a bool: then a warning is logged and nothing is set.
        """
        try:
            require_retry_rule(status_code, retry)
        except ValueError as error:
            logger.warning("%s", error)
            return False
        self.custom_retry_codes[status_code] = retry
        return True
