"""Waiting for requests to complete."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from snowplow_tracker._logging import deferred_logging

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Completions"]


class Completions:
    """Wakes threads that wait for what a completed request changes.

    Attributes:
        count: Number of completed requests so far.
    """

    def __init__(self) -> None:
        # Acquire this lock directly, not through the Condition: a KeyboardInterrupt inside
        # `Condition.__enter__` would leave it held.
        self._lock = threading.RLock()
        self._completed = threading.Condition(self._lock)
        self.count = 0

    def notify(self) -> None:
        """Count a completed request, and wake the threads that wait."""
        with self._lock:
            self.count += 1
            self._completed.notify_all()

    def wait_until(self, condition: Callable[[], bool], deadline: float) -> None:
        """Wait until a condition holds after some request, or until a deadline."""
        with deferred_logging, self._lock:
            self._completed.wait_for(condition, max(deadline - time.monotonic(), 0))

    def wait_for_next(self, count: int, deadline: float) -> None:
        """Wait until more than `count` requests have completed, or until a deadline."""
        self.wait_until(lambda: self.count != count, deadline)
