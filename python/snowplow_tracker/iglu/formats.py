"""The formats that Iglu checks, as it checks them. All others are not checked.

Iglu uses a validator written in Java, which in places accepts more or less than the RFCs.
"""

from __future__ import annotations

import re
from datetime import date
from ipaddress import AddressValueError, IPv6Address
from typing import TYPE_CHECKING, NamedTuple

from snowplow_tracker.iglu.emails import is_email

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FORMATS", "Format"]


class Format(NamedTuple):
    """A format.

    Attributes:
        accepts: Whether a string has the format.
        keyword: The keyword of reports about it.
        rule: A regular expression or text for reports that says what is accepted; "" if reports
            repeat the value instead.
    """

    accepts: Callable[[str], bool]
    keyword: str = "format"
    rule: str = ""


def _pattern(rule: str) -> Format:
    return Format(_matcher(rule), rule=rule)


def _matcher(rule: str) -> Callable[[str], bool]:
    match = re.compile(rule, re.ASCII).fullmatch

    def accepts(text: str) -> bool:
        return match(text) is not None

    return accepts


_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)"
    r"(?:\.[0-9]{0,9})?(?:[Zz]|([+-])([0-9]{2})[\s\S]([0-5][0-9]))"
)
_LARGEST_OFFSET = 18 * 60
_DAY_MINUTES = 24 * 60
_JUNE, _DECEMBER = 6, 12
_LAST_DAYS = {_JUNE: 30, _DECEMBER: 31}
_MONTHS_WITH_LEAP_SECOND = frozenset(
    (
        *((year, _JUNE) for year in (1972, 1981, 1982, 1983, 1985, 1992, 1993, 1994, 1997)),
        *((year, _JUNE) for year in (2012, 2015)),
        *((year, _DECEMBER) for year in (*range(1972, 1980), 1987, 1989, 1990, 1995, 1998)),
        *((year, _DECEMBER) for year in (2005, 2008, 2016)),
    )
)


def _is_date_time(text: str) -> bool:
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        return False
    year, month, day, hour, minute = map(int, found.group(1, 2, 3, 4, 5))
    offset = _offset(found)
    if offset is None or not _is_day(year, month, day):
        return False
    if found[6] != "60":
        return True
    # The month is the one that is written, the minute the last one of the month in UTC.
    minutes = day * _DAY_MINUTES + hour * 60 + minute - offset
    last_day = _LAST_DAYS.get(month, 0)
    is_last = minutes == (last_day + 1) * _DAY_MINUTES - 1
    return (year, month) in _MONTHS_WITH_LEAP_SECOND and is_last


def _offset(found: re.Match[str]) -> int | None:
    """Return the offset from UTC in minutes, or None if there is no such offset."""
    if not found[7]:
        return 0
    offset = 60 * int(found[8]) + int(found[9])
    if offset > _LARGEST_OFFSET or (found[7] == "-" and not offset):
        return None
    return -offset if found[7] == "-" else offset


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        # The calendar repeats itself every 400 years, also before the year 1.
        date(2000 + year % 400, month, day)
    except ValueError:
        return False
    return True


_DATE = re.compile(
    r"([0-9]{4}|\+(?:[0-9]{5,9}|0[0-9]{9})|-(?!0+-)(?:[0-9]{4,9}|0[0-9]{9}))"
    r"-([0-9]{2})-([0-9]{2})"
)


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    return found is not None and _is_day(*map(int, found.groups()))


_is_duration = _matcher(
    r"-?P(?=[0-9]|T[0-9])(?:(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?|(?:[0-9]+Y)?(?:[0-9]+M)?[0-9]+W)"
    r"(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?"
)


def _is_ipv6(text: str) -> bool:
    if "%" in text:
        return False
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_URI_CHARACTERS = r"A-Za-z0-9._~%!$&'()*+,;=:@/\-"
_PERCENT = r"(?:[0-9]?[0-9]%|100%)+"
_COLOURS = (
    "aqua black blue fuchsia gray green lime maroon navy olive orange purple red silver teal"
    " white yellow"
)

FORMATS: dict[str, Format] = {
    "date-time": Format(_is_date_time, "dateTime"),
    "date": Format(_is_date, "dateTime"),
    "time": _pattern(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"),
    "duration": Format(_is_duration),
    "uuid": Format(_matcher(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "uuid"),
    "email": Format(is_email),
    "hostname": _pattern(rf"{_LABEL}(?:\.{_LABEL})*"),
    "ipv4": _pattern(rf"(?:{_BYTE}\.){{3}}{_BYTE}"),
    "ip-address": _pattern(
        r"(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})"
    ),
    "ipv6": Format(_is_ipv6, rule="RFC 4291, section 2.2"),
    "uri": _pattern(
        r"[A-Za-z][A-Za-z0-9+.-]*:"
        r"(?://(?:[A-Za-z0-9._~%!$&'()*+,;=:-]*@)?[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*)?"
        rf"[{_URI_CHARACTERS}]*(?:\?[{_URI_CHARACTERS}?]*)?(?:#[{_URI_CHARACTERS}?]*)?"
    ),
    "color": _pattern(
        rf"#?[0-9A-Fa-f]{{3,6}}|{_COLOURS.replace(' ', '|')}"
        rf"|rgb\(\s*{_BYTE}\s*,\s*{_BYTE}\s*,\s*{_BYTE}\s*\)"
        rf"|rgb\(\s*{_PERCENT}\s*,\s*{_PERCENT}\s*,\s*{_PERCENT}\s*\)"
    ),
    "phone": _pattern(r"\+(?:[0-9] ?){6,14}[0-9]"),
    "alpha": _pattern(r"[a-zA-Z]+"),
    "alphanumeric": _pattern(r"[a-zA-Z0-9]+"),
    "utc-millisec": _pattern(r"[0-9]+(?:\.?[0-9]+)?"),
    "style": _pattern(r"\s*[^\n\r\x85\u2028\u2029]+?:\s*[^;]+;?"),
}
"""The formats by name."""
