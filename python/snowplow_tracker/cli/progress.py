"""The progress line of a load, and its summary."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snowplow_tracker.bulk import Report

__all__ = ["Progress", "clock_time", "progress_text", "short_count", "summary"]

_BAR = 24
_PLAIN_SECONDS = 30.0
_RATE_SECONDS = 5.0
_THOUSAND, _TEN_THOUSAND, _MILLION = 1_000, 10_000, 1_000_000


class Progress:
    """Shows how far a load is: on a terminal one line, again and again, otherwise a line at times.

    Args:
        terminal: Whether to write one line again and again. Default: if it is a terminal.
    """

    def __init__(self, terminal: bool | None = None) -> None:
        self._stream = sys.stderr
        self.is_terminal = self._stream.isatty() if terminal is None else terminal
        self._has_colors = self.is_terminal and not os.environ.get("NO_COLOR")
        self._began = time.monotonic()
        self._next_plain = self._began + _PLAIN_SECONDS
        self._recent: list[tuple[float, int]] = []
        self._is_shown = False

    def show(self, report: Report, share: float | None, note: str = "") -> None:
        """Show the state of the load.

        Args:
            report: The state.
            share: How much of the inputs is read, from 0 to 1. None if that is not known.
            note: More to say, such as why nothing is delivered at present.
        """
        now = time.monotonic()
        rate = self._rate(now, report.delivered)
        elapsed = now - self._began
        text = progress_text(report, rate, share, elapsed, colored=self._has_colors)
        text += f" · {note}" if note else ""
        if self.is_terminal:
            self._rewrite(text)
        elif now >= self._next_plain:
            self._next_plain = now + _PLAIN_SECONDS
            self._write(text + "\n")

    def _rate(self, now: float, delivered: int) -> float:
        self._recent.append((now, delivered))
        while len(self._recent) > 1 and self._recent[1][0] < now - _RATE_SECONDS:
            del self._recent[0]
        began, before = self._recent[0]
        return (delivered - before) / (now - began) if now > began else 0.0

    def _rewrite(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._write("\r\x1b[2K" + _cut(text, width))
        self._is_shown = True

    def say(self, text: str) -> None:
        """Write a line of its own."""
        self.clear()
        self._write(text + "\n")

    def clear(self) -> None:
        """Remove the progress line."""
        if self._is_shown:
            self._write("\r\x1b[2K")
            self._is_shown = False

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "ascii"
        try:
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError):
            self.is_terminal = False  # nobody reads it any more


def progress_text(
    report: Report, rate: float, share: float | None, elapsed: float, *, colored: bool = False
) -> str:
    """Return the state of a load as one line."""
    parts = [
        f"{short_count(report.read)} read",
        f"{short_count(report.delivered)} delivered",
        f"{short_count(rate)}/s",
    ]
    if report.dead:
        dead = f"{short_count(report.dead)} dead"
        parts.append(f"\x1b[31m{dead}\x1b[0m" if colored else dead)
    if share is None:
        return " · ".join([*parts, clock_time(elapsed)])
    if share > 0:
        parts.append(f"ETA {clock_time(elapsed / share - elapsed)}")
    full = min(int(share * _BAR), _BAR)
    done, left = "━" * full, "─" * (_BAR - full)
    bar = f"\x1b[32m{done}\x1b[90m{left}\x1b[0m" if colored else done + left
    return f"{bar} {share:4.0%}  " + " · ".join(parts)


def short_count(number: float) -> str:
    """Return a number in at most four digits: 950, 12.5 k, 1.25 M."""
    if number < _TEN_THOUSAND:
        return f"{number:.0f}"
    if number < _MILLION:
        return f"{number / _THOUSAND:.1f} k"
    return f"{number / _MILLION:.2f} M"


def clock_time(seconds: float) -> str:
    """Return a duration as 0:42, 12:05 or 3:00:07."""
    minutes, second = divmod(round(max(seconds, 0)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _cut(text: str, width: int) -> str:
    """Return a line that fits a width. Sequences that change colours take none of it."""
    visible, position = 0, 0
    while position < len(text):
        if text[position] == "\x1b":
            position = text.index("m", position) + 1
            continue
        if visible == width:
            return text[:position] + ("\x1b[0m" if "\x1b" in text else "")
        visible += 1
        position += 1
    return text


def summary(report: Report) -> str:
    """Return the lines that a load ends with."""
    totals = (
        f"{report.read} read, {report.delivered} delivered, {report.dead} dead,"
        f" {report.undelivered} undelivered in {clock_time(report.seconds)}"
        f" ({short_count(report.rate)}/s)"
    )
    lines = [totals]
    lines += [f"  {count} {reason}" for reason, count in sorted(report.reasons.items())]
    if report.undelivered and report.last_error:
        lines.append(f"  last error: {report.last_error}")
    return "\n".join(lines)
