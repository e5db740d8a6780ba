"""The numbers behind `Emitter.stats`."""

from __future__ import annotations

import threading

__all__ = ["Counters"]


class Counters:
    """Counts events by outcome, and requests. Safe to use from several threads.

    Attributes:
        last_error: Why the last failed request failed; None before the first failure.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._counts: dict[str, int] = dict.fromkeys(
            ("sent", "retried", "rejected", "dropped", "bytes", "requests"), 0
        )
        self.last_error: str | None = None

    def add(self, **counts: int) -> None:
        """Add to counters by name."""
        with self._lock:
            for name, count in counts.items():
                self._counts[name] += count

    def snapshot(self) -> dict[str, int]:
        """Return all counters as of one moment."""
        with self._lock:
            return dict(self._counts)
