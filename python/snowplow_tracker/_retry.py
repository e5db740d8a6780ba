"""Decides what the answer to a request means for its events, and when to try again."""

from __future__ import annotations

import enum
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NETWORK_ERROR = -1
# Its own: a program's seeded random numbers stay what they were.
_random = random.Random()  # noqa: S311 - spreads load, hides nothing
_NEVER_RETRIED = frozenset({400, 401, 403, 410, 422})


class Verdict(enum.Enum):
    """What becomes of the events of a request."""

    SENT = "sent"
    RETRY = "retry"
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


class Backoff:
    """The delay before the next attempt: random, within a bound that doubles up to a maximum."""

    def __init__(self) -> None:
        self.delay = 0.0
        self._bound = 0.0

    def grow(self, maximum: float) -> float:
        """Return the next delay in seconds, between half the bound and the bound."""
        self._bound = min(max(self._bound * 2, 1.0), max(maximum, 0.0))
        jitter = _random.uniform(0, self._bound / 2)
        self.delay = self._bound / 2 + jitter
        return self.delay

    def reset(self, delay: float = 0.0) -> None:
        """Start over, or go on from a delay in seconds."""
        self.delay = self._bound = delay
