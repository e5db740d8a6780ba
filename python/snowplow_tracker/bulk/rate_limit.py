"""`RateLimit`: at most so many records a second."""

from __future__ import annotations

import time

__all__ = ["RateLimit"]

_CREDIT_SECONDS = 1.0
# Shorter waits are put off: `sleep` takes at least tens of microseconds longer than asked.
_SHORTEST_WAIT = 0.005


class RateLimit:
    """A token bucket that starts empty, and holds the tokens of one second at most.

    Args:
        per_second: Records a second.

    Raises:
        ValueError: `per_second` is not above 0.
    """

    def __init__(self, per_second: float) -> None:
        if not per_second > 0:
            raise ValueError(f"rate must be above 0: {per_second!r}")
        self._interval = 1 / per_second
        self._next: float | None = None  # when the next record is due

    def seconds_to_wait(self) -> float:
        """Take a token. Returns how many seconds to wait before the record may go."""
        now = time.monotonic()
        due = now + self._interval if self._next is None else self._next
        due = max(due, now - _CREDIT_SECONDS)
        self._next = due + self._interval
        wait = due - now
        return wait if wait > _SHORTEST_WAIT else 0.0
