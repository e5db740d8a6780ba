"""How far a long step is: one moving line on a terminal, a line each quarter elsewhere."""

from __future__ import annotations

import sys
import time

__all__ = ["Progress"]

SECONDS_BETWEEN = 0.1


class Progress:
    """Prints how many of `total` are done."""

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = total
        self._moving = sys.stdout.isatty()
        self._shown_at = 0.0
        self._quarters = 0

    def show(self, done: int, *, last: bool = False) -> None:
        """Call it as often as you like; it prints only what is worth a look."""
        if self._moving:
            if last or time.monotonic() - self._shown_at >= SECONDS_BETWEEN:
                self._shown_at = time.monotonic()
                self._print(done, start="\r", end="\n" if last else "")
        elif last or 4 * done // self._total > self._quarters:
            self._quarters = 4 * done // self._total
            self._print(done, start="", end="\n")

    def _print(self, done: int, start: str, end: str) -> None:
        print(f"{start}{self._label}{done:,} of {self._total:,}", end=end, flush=True)
