"""Argument checks of constructors and configurations.

Each function returns the value to use, or raises a ValueError that names the parameter. Unlike
those of `contracts`, these checks cannot be disabled: without them, a wrong argument would fail
later, on a thread that sends.
"""

from __future__ import annotations

import operator
import sys
from threading import TIMEOUT_MAX
from types import FunctionType, NoneType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal, TypeAlias, TypeVar

    T = TypeVar("T")
    WhenFull: TypeAlias = Literal["refuse", "block"]

__all__ = [
    "require_callback",
    "require_count",
    "require_count_or_none",
    "require_flag",
    "require_headers",
    "require_int",
    "require_int_or_none",
    "require_methods",
    "require_port",
    "require_retry_codes",
    "require_retry_rule",
    "require_seconds",
    "require_timeout",
    "require_when_full",
]

_MAX_PORT = 65_535
_INFINITY = float("inf")  # as `math.inf`


def require_int(value: Any, least: int, *, name: str) -> int:
    """Return an integer of any integer type, at most `sys.maxsize`. A bool is refused."""
    number = None if isinstance(value, bool) else _to_int(value)
    if number is None or number < least:
        raise _invalid(name, f"a whole number of at least {least}", value)
    return min(number, sys.maxsize)


def require_int_or_none(value: Any, least: int, *, name: str) -> int | None:
    """Return None, or an integer as `require_int` does."""
    return None if value is None else require_int(value, least, name=name)


def require_count(value: Any, *, name: str) -> int:
    """Return a number of events or bytes, at least 0. Also accepts floats such as 1e6 and inf."""
    if isinstance(value, float) and (value.is_integer() or value == _INFINITY):
        value = int(min(value, sys.maxsize))
    return require_int(value, 0, name=name)


def require_count_or_none(value: Any, *, name: str) -> int | None:
    """Return None, or a number as `require_count` does."""
    return None if value is None else require_count(value, name=name)


def require_port(value: Any) -> int | None:
    """Return a port given as an integer or as digits, or None for None and ""."""
    if value is None or value == "":
        return None
    is_text = isinstance(value, str) and value.isdecimal()
    number = require_int(int(value) if is_text else value, 0, name="port")
    if number > _MAX_PORT:
        raise _invalid("port", f"at most {_MAX_PORT}", value)
    return number


def require_seconds(value: Any, *, name: str, most: float = _INFINITY) -> float:
    """Return a time in seconds, from 0 to `most`, and at most `threading.TIMEOUT_MAX`."""
    number = _to_number(value)
    if number is None or not 0 <= number <= most:
        limits = "at least 0" if most == _INFINITY else f"from 0 to {most:.0f}"
        raise _invalid(name, f"a number of seconds, {limits}", value)
    return min(number, TIMEOUT_MAX)


def require_timeout(value: Any) -> Any:
    """Return a time-out that requests accepts.

    That is None, seconds above 0, a pair of those (to connect, to read), or a `urllib3.Timeout`:
    https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
    """
    if value is None or hasattr(value, "connect_timeout"):
        return value
    if isinstance(value, tuple) and len(value) == 2:  # noqa: PLR2004 - a pair
        return tuple(None if part is None else _timeout_part(part, value) for part in value)
    return _timeout_part(value, value)


def require_callback(value: T, *, name: str) -> T:
    """Return a callable or None."""
    if value is not None and not callable(value):
        raise _invalid(name, "a function", value)
    return value


def require_retry_codes(value: Any) -> Any:
    """Return a mapping of HTTP statuses to bools: the given one, or an empty dict for None."""
    if value is None:
        return {}
    from collections.abc import Mapping  # noqa: PLC0415 - slow to import, rarely needed

    if not isinstance(value, Mapping) or any(_to_int(status) is None for status in value):
        raise _invalid("custom_retry_codes", "a dict of statuses, which are ints, to bools", value)
    return value


def require_retry_rule(status_code: Any, retry: Any) -> None:
    """Accept a bool for one status, unless that is a success (2xx): those are never retried."""
    if isinstance(status_code, bool) or not isinstance(status_code, int):
        raise _invalid("status_code", "an int", status_code)
    if not isinstance(retry, bool):
        raise _invalid("retry", "a bool", retry)
    if 200 <= status_code < 300:  # noqa: PLR2004 - success: RFC 9110, section 15.3
        raise ValueError(f"status_code must not be 2xx, which is never retried: {status_code}")


def require_when_full(value: Any) -> WhenFull:
    """Return "refuse" or "block"."""
    if value not in ("refuse", "block"):
        raise _invalid("when_full", '"refuse" or "block"', value)
    when_full: WhenFull = value
    return when_full


def require_flag(value: Any, *, name: str) -> bool:
    """Return a bool."""
    if not isinstance(value, bool):
        raise _invalid(name, "a bool", value)
    return value


def require_headers(value: Any) -> Any:
    """Return None, a function, or a copy of a mapping of headers that can be sent."""
    if value is None:
        return value
    from snowplow_tracker._http.headers import (  # noqa: PLC0415 - rarely needed
        checked_headers,
        is_function,
    )

    return value if is_function(value) else checked_headers(value)


def require_methods(value: T, methods: Iterable[str], *, name: str) -> T:
    """Return None, or an object that has the given methods."""
    names = list(methods)
    if value is not None and not all(_has_method(value, method) for method in names):
        raise _invalid(name, f"an object with {', '.join(names)}", value)
    return value


def _has_method(value: object, method: str) -> bool:
    if isinstance(value, type):
        # A class that was given instead of an instance: its plain functions lack their `self`.
        return not isinstance(_class_attribute(value, method), FunctionType | NoneType)
    return callable(getattr(value, method, None))


def _class_attribute(kind: type, name: str) -> object:
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


def _timeout_part(value: Any, whole: object) -> float:
    number = _to_number(value)
    if number is None or not number > 0:
        expected = "a number of seconds above 0, or a tuple of two: to connect, to read"
        raise _invalid("request_timeout", expected, whole)
    return min(number, TIMEOUT_MAX)


def _to_number(value: Any) -> float | None:
    """Convert any kind of number to an int or a float. Text is none, although `float` reads it."""
    if isinstance(value, bool | str | bytes | bytearray):
        return None
    try:
        integer = _to_int(value)
        return float(value) if integer is None else integer
    except (TypeError, ValueError, OverflowError):
        return None


def _to_int(value: Any) -> int | None:
    try:
        return operator.index(value)
    except TypeError:
        return None


def _invalid(name: str, expected: str, value: object) -> ValueError:
    return ValueError(f"{name} must be {expected}: {value!r}")
