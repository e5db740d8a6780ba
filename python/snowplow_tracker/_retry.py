"""Decides what the answer to a request means for its events, and when to try again."""

from __future__ import annotations

import enum
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NETWORK_ERROR = -1
TOO_LARGE = 413
_NEVER_RETRIED = frozenset({400, 401, 403, 410, TOO_LARGE, 422})
_MAX_RETRY_AFTER = 600.0


class Verdict(enum.Enum):
    """What becomes of the events of a request."""

    SENT = "sent"
    RETRY = "retry"
    SPLIT = "split"
    REJECTED = "rejected"


def status_of(answer: object) -> int:
    """Return the status that an `http_post` or `http_get` answered with.

    They return it as an int; overrides also True (200), False or None (failed), or a
    `requests.Response`.
    """
    if answer is True:
        return 200
    if isinstance(answer, int) and answer is not False:
        return answer
    status = getattr(answer, "status_code", NETWORK_ERROR)
    return status if isinstance(status, int) else NETWORK_ERROR


def is_success(status: int) -> bool:
    """Whether a status says that the collector has the events."""
    return 200 <= status < 300  # noqa: PLR2004 - HTTP's own numbers


def is_retried(status: int, custom: Mapping[int, bool]) -> bool:
    """Whether a failed request is worth another attempt.

    All are, but those for which the same request can only fail again. `custom` overrides, with
    -1 for network errors.
    """
    return custom.get(status, status not in _NEVER_RETRIED)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a Retry-After header asks to wait, 600 at most.

    It holds seconds or an HTTP date (RFC 9110, section 10.2.3); anything else counts as none.
    """
    text = _text_of(headers, "Retry-After")
    if text.isascii() and text.isdigit():
        return min(float(text), _MAX_RETRY_AFTER)
    until = _seconds_since_1970(text)
    if until is None:
        return None
    # By the collector's clock, where it tells: this machine's may be wrong.
    now = _seconds_since_1970(_text_of(headers, "Date"))
    return min(max(until - (time.time() if now is None else now), 0.0), _MAX_RETRY_AFTER)


def _text_of(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    return value.strip() if isinstance(value, str) else ""


def _seconds_since_1970(http_date: str) -> float | None:
    if not http_date:
        return None
    from email.utils import mktime_tz, parsedate_tz  # noqa: PLC0415 - heavy, and seldom needed

    parsed = parsedate_tz(http_date)
    try:
        return None if parsed is None else mktime_tz(parsed)
    except (ValueError, OverflowError):
        return None


class Backoff:
    """The delay before the next attempt: random, within a bound that doubles up to a maximum."""

    def __init__(self) -> None:
        self.delay = 0.0
        self._bound = 0.0

    def grow(self, maximum: float) -> float:
        """Return the next delay in seconds, between half the bound and the bound."""
        self._bound = min(max(self._bound * 2, 1.0), max(maximum, 0.0))
        # Not by `random`: a program's seeded numbers stay what they were.
        share = int.from_bytes(os.urandom(4), "big") / 2**32
        self.delay = self._bound / 2 * (1 + share)
        return self.delay

    def reset(self, delay: float = 0.0) -> None:
        """Start over, or go on from a delay in seconds."""
        self.delay = self._bound = delay
