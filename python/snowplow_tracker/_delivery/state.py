"""Whether an emitter is open, and how long it may still send."""

from __future__ import annotations

import time

__all__ = ["EmitterState"]


class EmitterState:
    """The stages of an emitter: not yet open, open, closing, closed.

    Attributes:
        is_open: Whether it accepts events.
        is_closing: Whether a thread is in the middle of closing it.
        is_unbuffered: Whether it sends each event at once: the interpreter is exiting.
        deadline: When its last delivery has to end, on the clock of `time.monotonic`; None
            before it begins.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.is_closing = False
        self.is_unbuffered = False
        self.deadline: float | None = None

    def is_past_deadline(self) -> bool:
        """Return whether the time of the last delivery is over."""
        return self.deadline is not None and time.monotonic() > self.deadline

    def limit(
        self, timeout: float | tuple[float | None, float | None]
    ) -> float | tuple[float | None, float | None]:
        """Return a request's time-out, shortened to what the deadline leaves of it.

        Args:
            timeout: Seconds to connect and to read, one number for both or a pair.
        """
        if self.deadline is None:
            return timeout
        if not isinstance(timeout, tuple):
            # A `urllib3.Timeout` cannot be read before its request has begun.
            timeout = (timeout, timeout) if isinstance(timeout, int | float) else (None, None)
        connect, read = timeout
        left = max(self.deadline - time.monotonic(), 0.001)
        return _earlier(connect, left), _earlier(read, left)


def _earlier(timeout: float | None, left: float) -> float:
    return left if timeout is None else min(timeout, left)
