"""Decides who may send: everybody, or after a failed attempt nobody until one has probed."""

from __future__ import annotations

import threading
import time

from snowplow_tracker._retry import Backoff

__all__ = ["CircuitBreaker"]


class CircuitBreaker:
    """Keeps all but one thread from a collector that has failed, until it answers again.

    When the next attempt is due is the retry timer's to say, and a Retry-After's.

    Attributes:
        backoff: The delay before the next attempt.
        failures: How many attempts were to be retried.
    """

    def __init__(self) -> None:
        self.backoff = Backoff()
        self.failures = 0
        self.is_failing = False
        # Whose thread probes. Its `setdefault` is one step, for other threads and for Ctrl-C.
        self._probe: dict[str, int] = {}
        self._failures_before = 0
        self._has_turned_away = False
        self._not_before = 0.0

    def enter(self) -> bool:
        """Whether this thread may send. If so, it has to `leave`."""
        if not self.is_failing:
            return True
        self._has_turned_away = True
        return self._take_probe()

    def _take_probe(self) -> bool:
        me = threading.get_ident()
        if self._probe.setdefault("thread", me) != me:
            return False
        self._has_turned_away = False
        self._failures_before = self.failures
        return True

    def leave(self) -> bool:
        """Let the next one probe. Returns whether this one has to send for those turned away."""
        if not self.is_probing():
            return False
        self._probe.clear()
        return self._has_turned_away and self.failures == self._failures_before

    def is_probed(self) -> bool:
        """Whether another thread probes. If so, it sends for this one too."""
        if not self.is_failing:
            return False
        self._has_turned_away = True
        return bool(self._probe)

    def is_probing(self) -> bool:
        """Whether this thread sends while the others may not."""
        return self._probe.get("thread") == threading.get_ident()

    def hold(self, seconds: float) -> None:
        """Have nobody send for a time, as a Retry-After asks."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    def held_for(self) -> float:
        """Return for how many seconds from now a Retry-After forbids to send."""
        return max(self._not_before - time.monotonic(), 0.0) if self._not_before else 0.0

    def note_answer(self) -> None:
        """Let everybody send: the collector answers."""
        self.is_failing = False

    def note_failure(self) -> bool:
        """Keep the others out, and let one at a time send from then on.

        Returns:
            Whether this thread has to `leave` once it has seen to the next attempt.
        """
        has_entered = not self.is_probing() and self._take_probe()
        self.is_failing = True
        self.failures += 1
        return has_entered

    def next_delay(self, maximum: float) -> float:
        """Return the seconds until the next attempt, grown since the last one."""
        delay = max(self.backoff.grow(maximum), self.held_for())
        self.backoff.delay = delay
        return delay
