"""Durations, rates and times as arguments."""

from __future__ import annotations

import argparse
import re
import time

__all__ = [
    "duration",
    "key_and_value",
    "names",
    "now_ms",
    "point_in_time",
    "rate",
    "shift",
    "speed",
]

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([+-]?\d+(?:\.\d+)?)(ms|s|m|h|d|)")
_RATE = re.compile(r"(\d+(?:\.\d+)?)(?:/(s|m|h))?")


def duration(text: str) -> float:
    """Return a duration such as "90", "10m" or "-1.5h" in seconds."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"not a duration such as 30s, 10m or 1.5h: {text!r}")
    return float(found[1]) * _UNITS[found[2]]


def rate(text: str) -> float:
    """Return a rate such as "500", "500/s" or "3000/m" in records a second."""
    found = _RATE.fullmatch(text.strip())
    if found is None or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"not a rate such as 500/s or 3000/m: {text!r}")
    return float(found[1]) / _UNITS[found[2] or "s"]


def point_in_time(text: str) -> int:
    """Return a time as ISO 8601 or seconds or milliseconds since 1970, in milliseconds."""
    from snowplow_tracker.bulk.errors import RecordError  # noqa: PLC0415 - rarely needed
    from snowplow_tracker.bulk.times import milliseconds  # noqa: PLC0415

    try:
        return milliseconds("time", text)
    except RecordError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def shift(text: str) -> float | None:
    """Return a duration in seconds, or None for "now"."""
    return None if text == "now" else duration(text)


def speed(text: str) -> float:
    """Return a factor, or infinity for "max"."""
    try:
        factor = float("inf" if text == "max" else text)
    except ValueError:
        factor = 0.0
    if not factor > 0:
        raise argparse.ArgumentTypeError(f"not a factor above 0, or max: {text!r}")
    return factor


def names(text: str) -> list[str]:
    """Return the parts of a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def key_and_value(text: str) -> tuple[str, str]:
    """Return both sides of KEY=VALUE."""
    key, equals, value = text.partition("=")
    if not equals or not key or not value:
        raise argparse.ArgumentTypeError(f"not of the form NAME=VALUE: {text!r}")
    return key.strip(), value.strip()


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return int(time.time() * 1000)
