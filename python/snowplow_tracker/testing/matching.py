"""Compare a value of an event with what a test expects: the first difference, if there is one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from snowplow_tracker._native import default_encoder
from snowplow_tracker.iglu.suggestions import closest

__all__ = ["difference"]

_MAX_LENGTH_SHOWN = 80


def difference(expected: Any, actual: Any, path: str, *, exact: bool = False) -> str | None:
    """Return how a JSON value first differs from what is expected, or None if it does not.

    - A mapping is a subset: other keys may be there, unless `exact`.
    - A list is compared as a whole. If it ends with `...`, further items may follow.
    - `...` stands for any value.
    - A type stands for its instances. `True` is no `int`; an `int` is a `float`.
    - A compiled pattern is searched for in a text.
    - An object that JSON does not have, such as a `datetime`, stands for what a tracker sends.
    - Everything else is compared by `==`, so objects that define it are matchers.

    Args:
        expected: What the test expects.
        actual: A JSON value.
        path: Where the value is, for the text, such as `data.items[0]`.
        exact: Whether mappings must have no other keys.
    """
    if expected is ...:
        return None
    if isinstance(expected, Mapping):
        return _mapping_difference(expected, actual, path, exact=exact)
    if isinstance(expected, (list, tuple)):
        return _list_difference(expected, actual, path, exact=exact)
    if _matches(expected, actual):
        return None
    return f"{path}: expected {_name(expected)}, got {_name(actual)}"


def _mapping_difference(
    expected: Mapping[Any, Any], actual: Any, path: str, *, exact: bool
) -> str | None:
    if not isinstance(actual, Mapping):
        return f"{path}: expected an object, got {_name(actual)}"
    for key, value in expected.items():
        place = f"{path}.{key}" if path else str(key)
        if key not in actual:
            return f"{place}: expected {_name(value)}, but there is none{_hint(key, actual)}"
        found = difference(value, actual[key], place, exact=exact)
        if found:
            return found
    surplus = [key for key in actual if key not in expected] if exact else []
    return (
        f"{path}.{surplus[0]}: not expected, got {_name(actual[surplus[0]])}" if surplus else None
    )


def _list_difference(expected: Sequence[Any], actual: Any, path: str, *, exact: bool) -> str | None:
    if not isinstance(actual, list):
        return f"{path}: expected a list, got {_name(actual)}"
    is_open = bool(expected) and expected[-1] is ...
    items = expected[:-1] if is_open else expected
    for index, (value, found) in enumerate(zip(items, actual, strict=False)):
        different = difference(value, found, f"{path}[{index}]", exact=exact)
        if different:
            return different
    if len(actual) == len(items) or (is_open and len(actual) > len(items)):
        return None
    at_least = "at least " if is_open else ""
    return f"{path}: expected {at_least}{_items(len(items))}, got {len(actual)}"


def _matches(expected: Any, actual: Any) -> bool:
    if isinstance(expected, type):
        return _is_instance(actual, expected)
    if isinstance(expected, re.Pattern):
        return isinstance(actual, str) and expected.search(actual) is not None
    if isinstance(expected, (bool, int, float)) and isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, bool):
        return False
    if expected is None or isinstance(expected, (str, int, float)):
        return bool(expected == actual)
    return bool(expected == actual) or _is_sent_as(expected, actual)


def _is_instance(actual: Any, kind: type) -> bool:
    if isinstance(actual, bool):
        return kind in (bool, object)
    return isinstance(actual, (int, float) if kind is float else kind)


def _is_sent_as(expected: Any, actual: Any) -> bool:
    """Whether a tracker sends an object as this JSON value."""
    try:
        return bool(json.loads(json.dumps(expected, default=default_encoder)) == actual)
    except (TypeError, ValueError):
        return False


def _hint(key: Any, actual: Mapping[Any, Any]) -> str:
    """Return the key that may have been meant, or nothing."""
    close = closest(str(key), [*map(str, actual)])
    return f"; did you mean {close!r}?" if close is not None else ""


def _name(value: Any) -> str:
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, re.Pattern):
        return f"/{value.pattern}/"
    text = repr(value)
    return text if len(text) <= _MAX_LENGTH_SHOWN else f"{text[:_MAX_LENGTH_SHOWN]}..."


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"
