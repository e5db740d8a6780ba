"""The result of an HTTP request: its status, and how long the server asks to wait."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "NETWORK_ERROR",
    "TOO_LARGE",
    "HttpResult",
    "is_informational",
    "is_success",
    "retry_after",
    "status_of",
]

NETWORK_ERROR = -1
TOO_LARGE = 413
_MAX_RETRY_AFTER = 600.0


class HttpResult:
    """The result of a request. A plain class, because creating a named tuple slows down the import.

    Attributes:
        status: The HTTP status, or -1 (`NETWORK_ERROR`) if there was no response.
        error: Why the request failed. None after a success.
        retry_after: Seconds to wait by the Retry-After header of a failure. None without one.
    """

    __slots__ = ("error", "retry_after", "status")

    def __init__(
        self, status: int, error: str | None = None, retry_after: float | None = None
    ) -> None:
        self.status = status
        self.error = error
        self.retry_after = retry_after


def status_of(response: object) -> int:
    """Return the status of what `http_post`, `http_get` or a session's function returned.

    Args:
        response: A status as int, or an object with a `status_code`. An overridden method may also
            return True (200), or False or None (failed).
    """
    if response is True:
        return 200
    if isinstance(response, int) and response is not False:
        return response
    status = getattr(response, "status_code", NETWORK_ERROR)
    return status if isinstance(status, int) else NETWORK_ERROR


def is_informational(status: int) -> bool:
    """Whether the status is that of a response before the final one, or of another protocol."""
    return 100 <= status < 200  # noqa: PLR2004 - the class of statuses 1xx


def is_success(status: int) -> bool:
    """Whether the server has accepted the request."""
    return 200 <= status < 300  # noqa: PLR2004 - the class of statuses 2xx


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait by the Retry-After header, at most 600.

    Returns:
        None if there is no such header, or if it is neither a number of seconds nor a date:
        https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    text = _header(headers, "Retry-After")
    if text.isascii() and text.isdigit():
        return min(float(text), _MAX_RETRY_AFTER)
    until = _timestamp(text)
    if until is None:
        return None
    # Prefer the server's clock to this machine's: both dates then come from the same clock.
    now = _timestamp(_header(headers, "Date"))
    return min(max(until - (time.time() if now is None else now), 0.0), _MAX_RETRY_AFTER)


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    return value.strip() if isinstance(value, str) else ""


def _timestamp(http_date: str) -> float | None:
    if not http_date:
        return None
    from email.utils import mktime_tz, parsedate_tz  # noqa: PLC0415 - slow to import, rarely needed

    parsed = parsedate_tz(http_date)
    try:
        return None if parsed is None else mktime_tz(parsed)
    except (ValueError, OverflowError):
        return None
