"""Decides which threads may send to a failing collector, and how soon: breaker and backoff."""

from __future__ import annotations

import os
import threading
import time

__all__ = ["Backoff", "CircuitBreaker"]


class CircuitBreaker:
    """Keeps all threads but one from a collector that has failed, until it responds again.

    Closed, every thread may send. A failed attempt opens it; then one thread at a time may send
    a probe, which is the half-open state. When the next attempt is due is up to the retry timer
    and to a Retry-After header.

    Attributes:
        backoff: The delay before the next attempt.
        failures: Number of attempts so far that are to be retried.
        is_open: Whether the last attempt failed.
    """

    def __init__(self) -> None:
        self.backoff = Backoff()
        self.failures = 0
        self.is_open = False
        # The thread that probes. `dict.setdefault` is atomic, for threads and KeyboardInterrupt.
        self._probe: dict[str, int] = {}
        self._failures_before_probe = 0
        self._has_rejected = False
        self._paused_until = 0.0

    def try_acquire(self) -> bool:
        """Return whether this thread may send. If it may, it has to call `release` afterwards."""
        if not self.is_open:
            return True
        self._has_rejected = True
        return self._try_probe()

    def _try_probe(self) -> bool:
        me = threading.get_ident()
        if self._probe.setdefault("thread", me) != me:
            return False
        self._has_rejected = False
        self._failures_before_probe = self.failures
        return True

    def release(self) -> bool:
        """Let another thread probe.

        Returns:
            Whether threads were rejected meanwhile.
        """
        if not self.is_half_open_here():
            return False
        self._probe.clear()
        return self._has_rejected

    def has_probe_failed(self) -> bool:
        """Return whether an attempt has failed since this thread probes."""
        return self.failures != self._failures_before_probe

    def is_half_open_elsewhere(self) -> bool:
        """Return whether another thread probes; it then sends for this one too."""
        if not self.is_open:
            return False
        self._has_rejected = True
        return bool(self._probe)

    def is_half_open_here(self) -> bool:
        """Return whether this thread probes while the others may not send."""
        return self._probe.get("thread") == threading.get_ident()

    def pause_for(self, seconds: float) -> None:
        """Send nothing for a time, as a Retry-After header asks."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def paused_for(self) -> float:
        """Return for how many more seconds a Retry-After header forbids to send."""
        return max(self._paused_until - time.monotonic(), 0.0) if self._paused_until else 0.0

    def record_response(self) -> None:
        """Close: the collector responds."""
        self.is_open = False

    def record_failure(self) -> bool:
        """Open: reject the other threads, and let one at a time probe from now on.

        Returns:
            Whether this thread became the probe, and has to `release` after it has scheduled
            the next attempt.
        """
        became_probe = not self.is_half_open_here() and self._try_probe()
        self.is_open = True
        self.failures += 1
        return became_probe

    def next_delay(self, maximum: float) -> float:
        """Return the seconds until the next attempt, longer than the last time."""
        delay = max(self.backoff.grow(maximum), self.paused_for())
        self.backoff.delay = delay
        return delay


class Backoff:
    """The delay before the next attempt: random, below a bound that doubles up to a maximum.

    Attributes:
        delay: The last delay, in seconds; 0 after a reset.
    """

    def __init__(self) -> None:
        self.delay = 0.0
        self._bound = 0.0

    def grow(self, maximum: float) -> float:
        """Return the next delay in seconds, between half the bound and the bound."""
        self._bound = min(max(self._bound * 2, 1.0), max(maximum, 0.0))
        # Not from `random`: that would change the numbers of a program that seeds it.
        jitter = int.from_bytes(os.urandom(4), "big") / 2**32
        self.delay = self._bound / 2 * (1 + jitter)
        return self.delay

    def reset(self, delay: float = 0.0) -> None:
        """Start over, or continue from a delay in seconds."""
        self.delay = self._bound = delay
