"""Shows progress: as one line that is updated on a terminal, or as up to four lines elsewhere."""

from __future__ import annotations

import sys
import time

__all__ = ["Progress"]

SECONDS_BETWEEN = 0.1


class Progress:
    """Prints how many of a known number of things are done.

    Args:
        label: Printed before the numbers.
        total: How many there are.
    """

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = total
        self._is_terminal = sys.stdout.isatty()
        self._shown_at = 0.0
        self._quarters = 0

    def show(self, done: int, *, last: bool = False) -> None:
        """Print the progress, unless it was printed just before. Call it as often as you like.

        Args:
            done: How many are done.
            last: True for the final call, which always prints.
        """
        if self._is_terminal:
            if last or time.monotonic() - self._shown_at >= SECONDS_BETWEEN:
                self._shown_at = time.monotonic()
                self._print(done, start="\r", end="\n" if last else "")
        elif last or 4 * done // self._total > self._quarters:
            self._quarters = 4 * done // self._total
            self._print(done, start="", end="\n")

    def _print(self, done: int, start: str, end: str) -> None:
        print(f"{start}{self._label}{done:,} of {self._total:,}", end=end, flush=True)
