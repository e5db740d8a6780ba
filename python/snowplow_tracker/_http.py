"""How an emitter speaks to a collector: the methods for it, each of which users override."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from snowplow_tracker import _native
from snowplow_tracker._overrides import is_own, note_own
from snowplow_tracker.transport import (
    HEADERS,
    Transport,
    ask,
    fits_request_line,
    post_uri,
    to_ascii,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from snowplow_tracker._delivery import Delivery
    from snowplow_tracker.typing import Method, PayloadDict

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
        if isinstance(session, Transport):
            return cls(session.post, session.get)

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
    _transport: Transport | None
    _deadline: float | None
    _delivery: Delivery

    # Where it is not overridden, bytes come in as well: overrides see the text of `_wire_body`.
    def http_post(self, data: str) -> int:
        """Send a body by POST. Returns the status, -1 after a network error."""
        return self._ask("post", data=data, headers=dict(HEADERS))

    def _sends_utf8(self) -> bool:
        """Whether bodies leave by this package's own code, and need not be ASCII."""
        own = self.request_method.post is self._own_post
        return own and is_own(self, "http_post")

    def _wire_body(self, body: bytes) -> str | bytes:
        """Return a body as it is handed to `http_post`."""
        return body if self._sends_utf8() else to_ascii(body)

    def http_get(self, payload: PayloadDict) -> int:
        """Send an event by GET, or by POST if it is too long for that.

        Returns the status, -1 after a network error.
        """
        if fits_request_line(self.endpoint, payload):
            return self._ask("get", params=payload)
        ((_, body),) = _native.request_bodies([payload], 0)
        return self._ask(
            "post",
            post_uri(self.endpoint),
            data=self._wire_body(body),
            headers=dict(HEADERS),
        )

    def _ask(self, method: Method, url: str | None = None, **request: Any) -> int:
        answer = ask(self._sender(method), url or self.endpoint, timeout=self._timeout(), **request)
        self._delivery.note_answer(answer.error, answer.retry_after)
        return answer.status

    def _sender(self, method: Method) -> Callable[..., Any]:
        """Return what sends: the function in `request_method`, shortened if it is an own one."""
        send: Callable[..., Any] = getattr(self.request_method, method)
        own = self._transport
        is_own_one = own is not None and send == getattr(own, method)
        return partial(own.send, method) if own is not None and is_own_one else send

    def _timeout(self) -> float | tuple[float | None, float | None]:
        """Return the time-out of a request: as given, or what a close leaves of that."""
        given = _DEFAULT_TIMEOUT if self.request_timeout is None else self.request_timeout
        if self._deadline is None:
            return given
        if not isinstance(given, tuple):
            # One that is an object of urllib3's does not tell before a request has begun.
            given = (given, given) if isinstance(given, int | float) else (None, None)
        connect, read = given
        left = max(self._deadline - time.monotonic(), 0.001)
        return _earlier(connect, left), _earlier(read, left)

    def _is_out_of_time(self) -> bool:
        """Whether the deadline of a close is over."""
        return self._deadline is not None and time.monotonic() > self._deadline


note_own(HttpMethods, "http_get", "http_post")


def _earlier(timeout: float | None, left: float) -> float:
    return left if timeout is None else min(timeout, left)
