"""The requests of an emitter: what its `http_post` and `http_get` do."""

from __future__ import annotations

from snowplow_tracker._delivery.callbacks import inside_delivery
from snowplow_tracker._http.endpoint import HEADERS, fits_request_line, post_uri, to_ascii
from snowplow_tracker._http.headers import HeaderError, RequestHeaders
from snowplow_tracker._http.status import NETWORK_ERROR, HttpResult
from snowplow_tracker._native import request_bodies
from snowplow_tracker._overrides import is_original
from snowplow_tracker._signals import current_exception, reraise_if_by_handler
from snowplow_tracker._threads import PerThread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from snowplow_tracker._delivery.context import DeliveryContext
    from snowplow_tracker._http.client import HttpClient
    from snowplow_tracker.typing import Method, PayloadDict

__all__ = ["MAX_BODY_BYTES", "BodySize", "Transport"]

# The collector accepts up to 1,048,576 bytes. It answers 200 to a larger body and loses it.
MAX_BODY_BYTES = 999_999
_ACCEPTED_BEFORE_GROWTH = 100

_DEFAULT_TIMEOUT = (10.0, 30.0)


class Transport:
    """Sends an emitter's requests, and keeps the last result of each thread.

    `http_post` and `http_get` return a status alone, since programs override them. What else
    a response says is in the result, which the caller of the hook reads afterwards.
    """

    def __init__(self, context: DeliveryContext, client: HttpClient) -> None:
        self.client = client
        client.inside = inside_delivery
        self.body_size = BodySize()
        self._host = context.host
        self._counters = context.counters
        self._state = context.state
        self._thread = PerThread()
        self._headers = RequestHeaders()

    def post(self, body: str | bytes) -> int:
        """Send a request body by POST. Returns the status, -1 after a network error."""
        return self._send("post", data=body, headers=dict(HEADERS))

    def get(self, event: PayloadDict) -> int:
        """Send an event by GET, or by POST if it is too long for a request line.

        Returns:
            The status, -1 after a network error.
        """
        if fits_request_line(self._host.endpoint, event):
            return self._send("get", params=event)
        ((_, body),) = request_bodies([event], 0)
        host = self._host
        url = post_uri(host.endpoint, host.get_path, host.post_path)
        return self._send("post", url, data=self.encode_body(body), headers=dict(HEADERS))

    def body_may_be_bytes(self) -> bool:
        """Return whether bodies go out by this package's own code, as UTF-8.

        Overrides and functions of a program get ASCII text, which needs no encoding.
        """
        is_own = self.client.is_own_post(self._host.request_method)
        return is_own and is_original(self._host, "http_post")

    def encode_body(self, body: bytes) -> str | bytes:
        """Return a body as it is passed to `http_post`."""
        return body if self.body_may_be_bytes() else to_ascii(body)

    def max_body_bytes(self) -> int:
        """Return the maximum size of the next request body, as UTF-8."""
        # As ASCII, each byte of UTF-8 becomes at most three.
        largest = MAX_BODY_BYTES if self.body_may_be_bytes() else MAX_BODY_BYTES // 3
        return min(largest, self.body_size.limit)

    def take_result(self) -> HttpResult | None:
        """Return the result of this thread's last request, and forget it."""
        result: HttpResult | None = getattr(self._thread, "result", None)
        self._thread.result = None
        return result

    def _send(self, method: Method, url: str | None = None, **content: Any) -> int:
        host = self._host
        if host.custom_headers is not None or host.server_anonymous:
            added = self._added_headers()
            if added is None:
                return NETWORK_ERROR
            if added:
                content["headers"] = {**content.get("headers", {}), **added}
        timeout = _DEFAULT_TIMEOUT if host.request_timeout is None else host.request_timeout
        result = self.client.send(
            host.request_method,
            method,
            url or host.endpoint,
            timeout=self._state.limit(timeout),
            deadline=self._state.deadline,
            **content,
        )
        if result.error is not None:
            self._counters.last_error = result.error
        self._thread.result = result
        return result.status

    def _added_headers(self) -> dict[str, str] | None:
        """Return the program's headers. None, as after a network error, if they cannot be sent."""
        before = current_exception()
        try:
            return self._headers.of(self._host.custom_headers, self._host.server_anonymous)
        except Exception as error:  # noqa: BLE001 - a function of the program may raise anything
            reraise_if_by_handler(error, before)
            # Without its text, which may contain a token, and without its traceback.
            is_ours = isinstance(error, HeaderError)
            text = str(error) if is_ours else f"custom_headers raised {type(error).__name__}"
            self._counters.last_error = text
            self._thread.result = HttpResult(NETWORK_ERROR, text)
            return None


class BodySize:
    """A limit that is halved by each body that is refused as too large (413).

    It doubles again after a hundred accepted bodies, so that a proxy that was misconfigured for
    a while does not slow a program down for ever.

    Attributes:
        limit: The limit in bytes.
    """

    def __init__(self) -> None:
        self.limit = MAX_BODY_BYTES
        self._accepted = 0

    def record_refused(self, size: int) -> None:
        """Stay below half of the size of a refused body."""
        self.limit = min(self.limit, size // 2)
        self._accepted = 0

    def record_accepted(self) -> None:
        """Count an accepted body."""
        if self.limit == MAX_BODY_BYTES:
            return
        self._accepted += 1
        if self._accepted == _ACCEPTED_BEFORE_GROWTH:
            self._accepted = 0
            self.limit = min(self.limit * 2, MAX_BODY_BYTES)
