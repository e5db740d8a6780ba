"""Values as Java writes them in the messages of Iglu's validator."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

__all__ = ["java_number", "java_text", "type_name"]


# From and up to these, Java writes numbers without an exponent.
_SMALLEST_PLAIN = 1e-3
_LARGEST_PLAIN = 1e7


def java_text(value: Any) -> str:
    """Return a JSON value as Jackson's `asText` does: arrays and objects are empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return java_number(value)
    if isinstance(value, (dict, list)):
        return ""
    return "null" if value is None else str(value)


def java_number(value: float) -> str:
    """Return a number as `Double.toString` does: 3.0, 1.0E10."""
    if not math.isfinite(value) or value == 0 or _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, rest = str(digits[0]), "".join(map(str, digits[1:])) or "0"
    return f"{'-' * sign}{first}.{rest}E{len(digits) - 1 + int(exponent)}"


def type_name(value: Any) -> str:
    """Return the JSON type of a value. A number with a fraction or exponent is no integer."""
    if value is None:
        return "null"
    for kind, name in _NAMES:
        if isinstance(value, kind):
            return name
    return "string"


_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    ((list, tuple), "array"),
    (dict, "object"),
)
