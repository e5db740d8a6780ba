"""Headers that a program adds to the requests of an emitter: what they may be, and which apply."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeGuard

    from snowplow_tracker.typing import CustomHeaders

__all__ = [
    "ANONYMOUS",
    "HeaderError",
    "HeaderNames",
    "RequestHeaders",
    "checked_headers",
    "is_anonymous",
    "is_function",
    "secrets_of",
]

ANONYMOUS = {"SP-Anonymous": "*"}
_OF_THE_REQUEST = frozenset(
    ("connection", "content-length", "content-type", "host", "transfer-encoding")
)
# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_MOST_SHOWN = 100
_LEAST_SECRET = 4  # a shorter value, such as "*", may be a part of any text


class HeaderError(ValueError):
    """Headers that cannot be sent. The text has their names, and no value."""


def checked_headers(headers: object) -> dict[str, str]:
    """Return a copy of headers that a program adds, with blanks around the values removed.

    Raises:
        HeaderError: They are no mapping, or one of them cannot be sent.
    """
    if not _is_mapping(headers):
        raise HeaderError(
            f"custom_headers must be a mapping of names to values: {type(headers).__name__}"
        )
    return {_checked_name(name): _checked_value(name, value) for name, value in headers.items()}


def is_function(headers: object) -> TypeGuard[Callable[[], Mapping[str, str]]]:
    """Return whether headers are a function that returns them."""
    return callable(headers) and not _is_mapping(headers)


def _is_mapping(headers: object) -> TypeGuard[Mapping[Any, Any]]:
    from collections.abc import Mapping  # noqa: PLC0415 - slow to import, rarely needed

    return isinstance(headers, Mapping)


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name or not _TOKEN.issuperset(name):
        raise HeaderError(f"custom_headers has a name that no header can have: {_shown(name)}")
    if name.lower() in _OF_THE_REQUEST:
        raise HeaderError(f"custom_headers must not set {name}, which depends on the request")
    return name


def _checked_value(name: object, value: object) -> str:
    if not isinstance(value, str):
        raise HeaderError(
            f"custom_headers must have a text for {_shown(name)}: {type(value).__name__}"
        )
    stripped = value.strip(" \t\xa0")  # requests refuses a value that begins with a blank
    # `http.client` encodes values in Latin-1.
    if not all(char == "\t" or " " <= char <= "~" or "\xa0" <= char <= "\xff" for char in stripped):
        raise HeaderError(
            f"custom_headers must have no control characters, and only Latin-1, in {_shown(name)}"
        )
    return stripped


def _shown(name: object) -> str:
    return repr(name)[:_MOST_SHOWN]


class RequestHeaders:
    """The headers that are added to the next request. A value is checked once, until it changes."""

    def __init__(self) -> None:
        # One attribute: a KeyboardInterrupt may come between two assignments.
        self._last: tuple[object, dict[str, str]] = ({}, {})

    def of(self, custom: CustomHeaders | None, is_anonymous: bool) -> dict[str, str]:
        """Return the headers to add.

        Args:
            custom: The headers, or a function that returns them, which may raise anything.
            is_anonymous: Whether the collector is asked to keep no identifier of the client.

        Raises:
            HeaderError: They cannot be sent.
        """
        headers: Any = {} if custom is None else custom
        if custom is not None and is_function(custom):
            headers = custom()
        last = self._last
        if headers != last[0]:
            checked = checked_headers(headers)
            last = self._last = dict(headers), checked
        return _without_cookies(last[1]) if is_anonymous else last[1]


def _without_cookies(headers: dict[str, str]) -> dict[str, str]:
    replaced = ("cookie", "sp-anonymous")
    return {n: v for n, v in headers.items() if n.lower() not in replaced} | ANONYMOUS


def is_anonymous(headers: Mapping[str, str]) -> bool:
    """Return whether headers ask the collector to keep no identifier of the client."""
    return any(name.lower() == "sp-anonymous" for name in headers)


def secrets_of(headers: Mapping[str, str]) -> Iterable[str]:
    """Return the values that no log may contain: those of credentials and the like."""
    return [value for value in headers.values() if len(value) >= _LEAST_SECRET]


class HeaderNames:
    """Headers as a configuration shows them: without their values."""

    def __init__(self, headers: CustomHeaders | None) -> None:
        self._headers = headers

    def __repr__(self) -> str:
        """Return the names of a mapping, or that of a function."""
        if not _is_mapping(self._headers):
            # Not the `repr` of a partial or a bound method, which shows what it has.
            kind = type(self._headers).__name__
            return "None" if self._headers is None else getattr(self._headers, "__qualname__", kind)
        return "{" + ", ".join(f"{name!r}: ..." for name in self._headers) + "}"
