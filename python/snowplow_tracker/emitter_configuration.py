"""`EmitterConfiguration`: how an emitter made by `Snowplow` sends."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from snowplow_tracker import _check
from snowplow_tracker._intake import WHEN_FULL

if TYPE_CHECKING:
    import requests

    from snowplow_tracker._intake import WhenFull
    from snowplow_tracker.event_store import EventStore
    from snowplow_tracker.typing import FailureCallback, SuccessCallback

__all__ = ["EmitterConfiguration"]

logger = logging.getLogger(__name__)


class EmitterConfiguration:
    """Settings of an emitter for `Snowplow.create_tracker`, named as `Emitter`'s parameters.

    Raises:
        ValueError: A setting is none that `Emitter` takes, or a count no int. `event_store` and
            `session` are looked at when an emitter is made. None means the emitter's default.
    """

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
    ) -> None:
        self.batch_size = batch_size
        self.on_success = on_success
        self.on_failure = on_failure
        self.byte_limit = byte_limit
        self.request_timeout = request_timeout
        self.buffer_capacity = buffer_capacity
        self.custom_retry_codes = custom_retry_codes
        self.event_store = event_store
        self.session = session
        self.max_retry_delay_seconds = max_retry_delay_seconds
        self.exit_timeout = exit_timeout
        self.when_full = when_full
        self.block_timeout = block_timeout

    def __repr__(self) -> str:
        settings = ", ".join(f"{name.lstrip('_')}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({settings})"

    @property
    def batch_size(self) -> int | None:
        """How many events are sent together."""
        return self._batch_size

    @batch_size.setter
    def batch_size(self, value: int | None) -> None:
        self._batch_size = _count("batch_size", value)

    @property
    def on_success(self) -> SuccessCallback | None:
        """Called with the events that the collector has taken."""
        return self._on_success

    @on_success.setter
    def on_success(self, value: SuccessCallback | None) -> None:
        self._on_success = _check.callback(value, name="on_success")

    @property
    def on_failure(self) -> FailureCallback | None:
        """Called with how many events got through, and the events that did not."""
        return self._on_failure

    @on_failure.setter
    def on_failure(self, value: FailureCallback | None) -> None:
        self._on_failure = _check.callback(value, name="on_failure")

    @property
    def byte_limit(self) -> int | None:
        """How many bytes of events are sent together."""
        return self._byte_limit

    @byte_limit.setter
    def byte_limit(self, value: int | None) -> None:
        self._byte_limit = _count("byte_limit", value)

    @property
    def request_timeout(self) -> float | tuple[float, float] | None:
        """Seconds a request may take, or (seconds to connect, seconds to answer)."""
        return self._request_timeout

    @request_timeout.setter
    def request_timeout(self, value: float | tuple[float, float] | None) -> None:
        self._request_timeout: float | tuple[float, float] | None = _check.timeout(value)

    @property
    def buffer_capacity(self) -> int | None:
        """How many events may wait for an answer. New ones are refused beyond that."""
        return self._buffer_capacity

    @buffer_capacity.setter
    def buffer_capacity(self, value: int | None) -> None:
        self._buffer_capacity = _count("buffer_capacity", value)

    @property
    def custom_retry_codes(self) -> dict[int, bool]:
        """Whether to retry after a status, by status. -1 stands for network errors."""
        return self._custom_retry_codes

    @custom_retry_codes.setter
    def custom_retry_codes(self, value: dict[int, bool] | None) -> None:
        self._custom_retry_codes = _check.retry_codes(value)

    def set_retry_code(self, status_code: int, retry: bool = True) -> bool:
        """Set whether to retry after a status.

        Returns:
            False, logged and without effect, if `status_code` is no int or `retry` no bool, or
            for 2xx, which is never retried.
        """
        refusal = _why_no_retry_rule(status_code, retry)
        if refusal is not None:
            logger.warning("%s", refusal)
            return False
        self.custom_retry_codes[status_code] = retry
        return True

    @property
    def event_store(self) -> EventStore | None:
        """Where events wait. In memory by default."""
        return self._event_store

    @event_store.setter
    def event_store(self, value: EventStore | None) -> None:
        self._event_store = value

    @property
    def session(self) -> requests.Session | None:
        """The session that requests go through. The emitter's own by default."""
        return self._session

    @session.setter
    def session(self, value: requests.Session | None) -> None:
        self._session = value

    @property
    def max_retry_delay_seconds(self) -> float:
        """The longest wait between two attempts."""
        return self._max_retry_delay_seconds

    @max_retry_delay_seconds.setter
    def max_retry_delay_seconds(self, value: float) -> None:
        self._max_retry_delay_seconds = _check.seconds(value, name="max_retry_delay_seconds")

    @property
    def exit_timeout(self) -> float:
        """Seconds that `close` and interpreter exit may wait for delivery."""
        return self._exit_timeout

    @exit_timeout.setter
    def exit_timeout(self, value: float) -> None:
        self._exit_timeout = _check.seconds(value, name="exit_timeout")

    @property
    def when_full(self) -> WhenFull:
        """What becomes of an event while the store is full: "refuse" or "block"."""
        return self._when_full

    @when_full.setter
    def when_full(self, value: WhenFull) -> None:
        if value not in WHEN_FULL:
            raise ValueError(f'when_full must be "refuse" or "block": {value!r}')
        self._when_full: WhenFull = value

    @property
    def block_timeout(self) -> float:
        """Seconds that an event waits for room with "block"."""
        return self._block_timeout

    @block_timeout.setter
    def block_timeout(self, value: float) -> None:
        self._block_timeout = _check.seconds(value, name="block_timeout")


def _count(name: str, value: int | None) -> int | None:
    return None if value is None else _check.whole(value, 0, name=name)


def _why_no_retry_rule(status_code: int, retry: bool) -> str | None:
    if not _is_int(status_code):
        return f"status_code must be an int: {status_code!r}"
    if not isinstance(retry, bool):
        return f"retry must be a bool: {retry!r}"
    if 200 <= status_code < 300:  # noqa: PLR2004 - success, in HTTP
        return f"status_code must not be 2xx, which is never retried: {status_code}"
    return None


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
