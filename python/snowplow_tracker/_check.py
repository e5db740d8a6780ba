"""Checks of what constructors are given: each returns the value to use, or raises ValueError."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Mapping
from threading import TIMEOUT_MAX
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    T = TypeVar("T")

__all__ = [
    "callback",
    "count",
    "count_or_none",
    "having",
    "port",
    "retry_codes",
    "seconds",
    "timeout",
    "whole",
]

_MOST_PORT = 65_535


def whole(value: Any, least: int, *, name: str) -> int:
    """Return a whole number of any type of integers; a bool is none."""
    number = None if isinstance(value, bool) else _index(value)
    if number is None or number < least:
        raise _wrong(name, f"a whole number of at least {least}", value)
    return min(number, sys.maxsize)


def count(value: Any, *, name: str) -> int:
    """Return a number of events or bytes. A float without a fraction passes, as 1e6 or infinity."""
    is_whole = isinstance(value, float) and (value.is_integer() or value == math.inf)
    return whole(int(min(value, sys.maxsize)) if is_whole else value, 0, name=name)


def count_or_none(value: Any, *, name: str) -> int | None:
    """Return a number as `count` does, or None."""
    return None if value is None else count(value, name=name)


def port(value: Any) -> int | None:
    """Return a port, which may be given as text. None and "" are none."""
    if value is None or value == "":
        return None
    is_text = isinstance(value, str) and value.isdecimal()
    number = whole(int(value) if is_text else value, 0, name="port")
    if number > _MOST_PORT:
        raise _wrong("port", f"at most {_MOST_PORT}", value)
    return number


def seconds(value: Any, *, name: str, most: float = math.inf) -> float:
    """Return a time in seconds, at least 0. By default it may be infinite."""
    number = _real(value)
    if number is None or not 0 <= number <= most:
        limits = "at least 0" if most == math.inf else f"from 0 to {most:.0f}"
        raise _wrong(name, f"a number of seconds, {limits}", value)
    return min(number, TIMEOUT_MAX)  # centuries, and the most that Python waits


def timeout(value: Any) -> Any:
    """Return a time-out as requests takes it: None, seconds, a pair, or an object of urllib3's."""
    if value is None or hasattr(value, "connect_timeout"):
        return value
    if isinstance(value, tuple) and len(value) == 2:  # noqa: PLR2004 - a pair
        return tuple(None if part is None else _time(part, value) for part in value)
    return _time(value, value)


def callback(value: T, *, name: str) -> T:
    """Return a function or None."""
    if value is not None and not callable(value):
        raise _wrong(name, "a function", value)
    return value


def retry_codes(value: Any) -> dict[int, bool]:
    """Return what maps statuses to bools, an empty dict for None."""
    given: Any = {} if value is None else value
    if not isinstance(given, Mapping) or any(_index(status) is None for status in given):
        raise _wrong("custom_retry_codes", "a dict from statuses, which are ints, to bools", value)
    return cast("dict[int, bool]", given)


def having(value: T, methods: Iterable[str], *, name: str) -> T:
    """Return an object that has methods, or None."""
    wanted = list(methods)
    if value is not None and not all(_can_call(value, method) for method in wanted):
        raise _wrong(name, f"an object with {', '.join(wanted)}", value)
    return value


def _can_call(value: object, method: str) -> bool:
    if isinstance(value, type):  # its functions want an object of it first
        own = next((vars(kind)[method] for kind in value.__mro__ if method in vars(kind)), None)
        return own is not None and not isinstance(own, FunctionType)
    return callable(getattr(value, method, None))


def _time(value: Any, given: object) -> float:
    number = _real(value)
    if number is None or not number > 0:
        expected = "a number of seconds above 0, or a tuple of two: to connect, to answer"
        raise _wrong("request_timeout", expected, given)
    return min(number, TIMEOUT_MAX)


def _real(value: Any) -> float | None:
    """Return any kind of number as an int or float."""
    if isinstance(value, bool | str | bytes | bytearray):  # of which `float` takes texts
        return None
    try:
        whole_number = _index(value)
        return float(value) if whole_number is None else whole_number
    except (TypeError, ValueError, OverflowError):
        return None


def _index(value: Any) -> int | None:
    try:
        return operator.index(value)
    except TypeError:
        return None


def _wrong(name: str, expected: str, value: object) -> ValueError:
    return ValueError(f"{name} must be {expected}: {value!r}")
