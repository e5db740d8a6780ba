"""The schedule of faults: storms of one kind each, with calm between them."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

from qa.torture.faults import FAULTS

if TYPE_CHECKING:
    from qa.torture.ledger import Ledger

__all__ = ["MIXED", "Storms"]

MIXED = "mixed"


class Storms:
    """A storm after every so many accepted events, of kinds that come in a shuffled round.

    It ends after a time, or when as many events have been accepted in it.

    Args:
        seed: Decides the order of the kinds, and what each request meets in a mixed storm.
        every: Accepted events between two storms; 0 means no storms.
        seconds: How long each lasts at most.
        kinds: Names of faults; `MIXED` means a random one for each request.
    """

    def __init__(
        self, ledger: Ledger, seed: int, every: int, seconds: float, kinds: list[str]
    ) -> None:
        self._ledger = ledger
        self._random = random.Random(seed)
        self._every = every
        self._seconds = seconds
        self._kinds = kinds or [*FAULTS, MIXED]
        self._round: list[str] = []
        self._lock = threading.Lock()
        self._kind: str | None = None
        self._ends = 0.0
        self._next_at = every
        self._is_over = every == 0
        self.count = 0

    def end(self) -> None:
        """Be calm from now on."""
        with self._lock:
            self._is_over, self._kind = True, None

    def refuse(self) -> bool:
        """Whether no connection is to be had now."""
        return self._now() == "refuses"

    def fault(self) -> str | None:
        """Return what the next request is to meet, None in a calm."""
        kind = self._now()
        if kind != MIXED:
            return kind
        with self._lock:
            return self._random.choice(sorted(FAULTS))

    def _now(self) -> str | None:
        with self._lock:
            now = time.monotonic()
            is_due = self._ledger.accepted >= self._next_at
            if self._kind is not None and (is_due or now > self._ends):
                self._kind = None
                self._await_next()
            elif self._kind is None and is_due and not self._is_over:
                self._kind, self._ends = self._next_kind(), now + self._seconds
                self.count += 1
                self._await_next()
            return self._kind

    def _await_next(self) -> None:
        self._next_at = self._ledger.accepted + self._every

    def _next_kind(self) -> str:
        if not self._round:
            self._round = self._random.sample(self._kinds, len(self._kinds))
        return self._round.pop()
