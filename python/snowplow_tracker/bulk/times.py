"""Times of records in milliseconds since 1970."""

from __future__ import annotations

import math
import re
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from snowplow_tracker.bulk.errors import RecordError

__all__ = ["UNITS", "iso_text", "milliseconds"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_MILLISECOND = timedelta(milliseconds=1)
_EARLIEST = (datetime.min.replace(tzinfo=timezone.utc) - _EPOCH) // _MILLISECOND
_LATEST = (datetime.max.replace(tzinfo=timezone.utc) - _EPOCH) // _MILLISECOND
_LEAST_MILLISECONDS = 10**11
"""Smaller numbers are seconds. As seconds, this is the year 5138; as milliseconds, 1973."""
UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
"""Formats that are units of numbers: nanoseconds in one unit."""
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_READS_ALL_ISO_TEXT = sys.version_info >= (3, 11)
"""Whether `datetime.fromisoformat` reads `Z`, and fractions and zones of any length."""
_ISO = re.compile(
    r"(.{10})[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))? ?(Z|[+-]\d\d:?\d\d|)", re.IGNORECASE
)


def milliseconds(key: str, value: Any, time_format: str | None = None) -> int:
    """Return a time in whole milliseconds since 1970.

    Args:
        key: The key in the record, for messages.
        value: A datetime, a date, ISO 8601 text, or a number. Numbers from 10^11 on are
            milliseconds, smaller ones seconds. A time without a zone is in UTC.
        time_format: The unit of numbers, "s", "ms", "us" or "ns", or a format of
            `datetime.strptime` for text. Default None: as above.

    Raises:
        RecordError: The value is no time, or not between the years 1 and 9999.
    """
    # Most times are of these two types, for which nothing else has to be tried.
    if time_format is None:
        if type(value) is int and _LEAST_MILLISECONDS <= value <= _LATEST:
            return value
        if type(value) is str and _READS_ALL_ISO_TEXT and value[4:5] == "-":
            time = _milliseconds_of_iso_text(value)
            if time is not None:
                return time
    try:
        time = _milliseconds(value, time_format)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise RecordError(f"{key}: {value!r:.80} is not a time: {error}") from None
    if not _EARLIEST <= time <= _LATEST:
        raise RecordError(f"{key}: {value!r:.80} is not between the years 1 and 9999")
    return time


def iso_text(value: date) -> str:
    """Return a time as ISO 8601, datetimes in UTC with `Z`. A time without a zone is in UTC."""
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is not None:
        value = value.astimezone(timezone.utc)
    return value.replace(tzinfo=None).isoformat() + "Z"


def _milliseconds(value: Any, time_format: str | None) -> int:
    if isinstance(value, str):
        return _milliseconds_of_text(value.strip(), time_format)
    if isinstance(value, datetime):
        return _since_epoch(value)
    if isinstance(value, date):
        return _since_epoch(datetime(value.year, value.month, value.day))  # noqa: DTZ001
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise TypeError(f"expected text, a number or a datetime, not {type(value).__name__}")
    return _milliseconds_of_number(value, time_format if time_format in UNITS else None)


def _milliseconds_of_number(value: Any, time_format: str | None) -> int:
    unit = time_format or ("ms" if abs(value) >= _LEAST_MILLISECONDS else "s")
    nanoseconds = value * UNITS[unit]
    # Rounding comes first: 1.001 s is 1000.9999999999999 ms as a float.
    whole: int = math.floor(round(nanoseconds / UNITS["ms"], 3))
    return whole


def _milliseconds_of_text(text: str, time_format: str | None) -> int:
    if time_format is not None and time_format not in UNITS:
        return _since_epoch(datetime.strptime(text, time_format))  # noqa: DTZ007
    if _NUMBER.fullmatch(text):
        return _milliseconds_of_number(Decimal(text), time_format)
    if _READS_ALL_ISO_TEXT or not (found := _ISO.fullmatch(text)):
        return _since_epoch(datetime.fromisoformat(text.replace(",", ".")))
    day, time, fraction, zone = found.groups()
    if len(zone) > 1 and ":" not in zone:
        zone = f"{zone[:3]}:{zone[3:]}"
    fraction = f".{fraction[:6]:0<6}" if fraction else ""
    zone = "+00:00" if zone.upper() == "Z" else zone
    return _since_epoch(datetime.fromisoformat(f"{day}T{time}{fraction}{zone}"))


def _milliseconds_of_iso_text(text: str) -> int | None:
    """Return the time of ISO text in its usual form. None if the text has another one."""
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        return None
    delta = since - (_NAIVE_EPOCH if since.tzinfo is None else _EPOCH)
    time = delta.days * 86_400_000 + delta.seconds * 1_000 + delta.microseconds // 1_000
    return time if _EARLIEST <= time <= _LATEST else None


def _since_epoch(moment: datetime) -> int:
    if moment.tzinfo is None:
        return (moment - _NAIVE_EPOCH) // _MILLISECOND
    return (moment - _EPOCH) // _MILLISECOND
