"""How an emitter speaks to a collector: the methods for it, each of which users override."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from snowplow_tracker import _native
from snowplow_tracker._retry import is_success
from snowplow_tracker.transport import (
    HEADERS,
    ask,
    collector_uri,
    fits_request_line,
    post_uri,
    to_ascii,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from snowplow_tracker._delivery import Delivery
    from snowplow_tracker.typing import HttpProtocol, Method, PayloadDict

__all__ = ["HttpMethods", "Requester"]

_DEFAULT_TIMEOUT = (10.0, 30.0)


class Requester:
    """The two functions that an emitter sends with, called as those of `requests`."""

    def __init__(self, post: Callable[..., Any], get: Callable[..., Any]) -> None:
        self.post = post
        self.get = get

    @classmethod
    def of(cls, session: Any) -> Self:
        """Return the functions of a session, looked up at each call: programs patch them."""

        def post(url: str, **request: Any) -> Any:
            return session.post(url, **request)

        def get(url: str, **request: Any) -> Any:
            return session.get(url, **request)

        return cls(post, get)


class HttpMethods:
    """The half of `Emitter` that makes requests.

    Attributes:
        endpoint: Address of the collector's endpoint for the emitter's method.
        request_timeout: Seconds to connect and to wait for an answer, or a pair of both.
        request_method: The functions that send.
    """

    endpoint: str
    request_timeout: float | tuple[float | None, float | None] | None
    request_method: Requester
    _own_post: Callable[..., Any] | None
    _deadline: float | None
    _delivery: Delivery

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

    def http_post(self, data: str | bytes) -> int:
        """Send a body by POST. Returns the status, -1 after a network error."""
        return self._ask(self.request_method.post, data=data, headers=dict(HEADERS))

    def _sends_utf8(self) -> bool:
        """Whether bodies leave by this package's own code, and need not be ASCII."""
        own = self.request_method.post is self._own_post
        return own and "http_post" not in self.__dict__ and type(self).http_post is _OWN_POST

    def _wire_body(self, body: bytes) -> str | bytes:
        """Return a body as it is handed to `http_post`."""
        return body if self._sends_utf8() else to_ascii(body)

    def http_get(self, payload: PayloadDict) -> int:
        """Send an event by GET, or by POST if it is too long for that.

        Returns the status, -1 after a network error.
        """
        if fits_request_line(self.endpoint, payload):
            return self._ask(self.request_method.get, params=payload)
        ((_, body),) = _native.request_bodies([payload], 0)
        return self._ask(
            self.request_method.post,
            post_uri(self.endpoint),
            data=self._wire_body(body),
            headers=dict(HEADERS),
        )

    def _ask(self, send: Callable[..., Any], url: str | None = None, **request: Any) -> int:
        timeout = self._timeout()
        status, error = ask(send, url or self.endpoint, timeout=timeout, **request)
        if error is not None:
            self._delivery.counters.last_error = error
        return status

    @staticmethod
    def is_good_status_code(status_code: int) -> bool:
        """Whether a status says that the collector has the events."""
        return is_success(status_code)

    def _timeout(self) -> tuple[float | None, float | None]:
        """Return the seconds to connect and to wait, none beyond the deadline of a close."""
        given = self.request_timeout
        if given is None:
            given = _DEFAULT_TIMEOUT
        connect, read = given if isinstance(given, tuple) else (given, given)
        if self._deadline is None:
            return connect, read
        left = max(self._deadline - time.monotonic(), 0.001)
        return _earlier(connect, left), _earlier(read, left)

    def _is_out_of_time(self) -> bool:
        """Whether the deadline of a close is over."""
        return self._deadline is not None and time.monotonic() > self._deadline


_OWN_POST = HttpMethods.http_post


def _earlier(timeout: float | None, left: float) -> float:
    return left if timeout is None else min(timeout, left)
