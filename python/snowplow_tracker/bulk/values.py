"""Values of records as values of protocol fields."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.times import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["field_text", "looked_up", "parsed_json", "refuse_constant", "unknown_key"]

_MISSING = object()


def field_text(key: str, value: Any) -> str:
    """Return a value as the text of a field, or "" if the event should not have the field.

    Args:
        key: The key in the record, for messages.
        value: Text, a number, a time or None. A time becomes milliseconds since 1970.

    Raises:
        RecordError: The value is of another type, or not a finite number.
    """
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date):
        return str(milliseconds(key, value))
    if isinstance(value, (int, float, Decimal)):
        if not math.isfinite(value):
            raise RecordError(f"{key}: {value} is not a finite number")
        return str(value)
    if isinstance(value, (Mapping, list, tuple, set, bytes, bytearray)):
        raise RecordError(f"{key}: expected text or a number, not {type(value).__name__}")
    return str(value)


def parsed_json(key: str, value: Any) -> Any:
    """Return the value of JSON text, and anything else unchanged.

    Raises:
        RecordError: The text is not JSON.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=refuse_constant)
    except (RecursionError, ValueError) as error:
        raise RecordError(f"{key}: not JSON: {error}") from None


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and infinities, which Python's parser accepts by default."""
    raise ValueError(f"{name} is not JSON")


def looked_up(record: Mapping[str, Any], path: str) -> Any:
    """Return the value of a key or, if there is no such key, of a path such as `data.order_id`.

    Raises:
        RecordError: There is no such value, or it is None or empty.
    """
    value = record.get(path, _MISSING)
    if value is _MISSING and "." in path:
        value = record
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
    if value is _MISSING or value is None or value == "":
        raise RecordError(f"{path}: no value")
    return value


def unknown_key(key: object, known: Iterable[str]) -> RecordError:
    """Return the error for a key that nothing reads."""
    return RecordError(f"unknown key {str(key)!r:.80} (known: {', '.join(sorted(known))})")
