"""Exponential backoff with jitter."""

from __future__ import annotations

import os

__all__ = ["Backoff"]


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
