"""Keywords that compare values, as Iglu's validator compares them.

Numbers within arrays and objects are equal only if both are written with a fraction or exponent, or
neither is. JSON Schema takes 1 and 1.0 as equal.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

__all__ = ["EnumKeyword", "UniqueItemsKeyword"]


def _exact(value: Any) -> Any:
    """Return a hashable form of a value; equal for equal values only."""
    if isinstance(value, dict):
        return dict, frozenset((key, _exact(item)) for key, item in value.items())
    if isinstance(value, list):
        return list, tuple(map(_exact, value))
    return type(value), value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class EnumKeyword:
    """`enum` with arrays or objects among its values."""

    def __init__(
        self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]
    ) -> None:
        del parent_schema, schema_path
        self._exact = frozenset(map(_exact, value))
        self._numbers = frozenset(filter(_is_number, value))

    def validate(self, instance: Any) -> None:
        """Check a value.

        Raises:
            ValueError: It is none of those listed.
        """
        is_listed = _exact(instance) in self._exact
        if not is_listed and not (_is_number(instance) and instance in self._numbers):
            raise ValueError("not in the enumeration")


class UniqueItemsKeyword:
    """`uniqueItems: true`."""

    def __init__(
        self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]
    ) -> None:
        del parent_schema, value, schema_path

    def validate(self, instance: Any) -> None:
        """Check a value.

        Raises:
            ValueError: It is an array with two equal items, or an object with two equal values.
        """
        items = list(instance.values()) if isinstance(instance, dict) else instance
        if isinstance(items, list) and len(set(map(_exact, items))) < len(items):
            raise ValueError("not unique")


class MultipleOfKeyword:
    """`multipleOf`, computed on the decimal digits of the numbers."""

    def __init__(
        self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]
    ) -> None:
        del parent_schema, schema_path
        self._divisor = Fraction(repr(value))

    def validate(self, instance: Any) -> None:
        """Check a value.

        Raises:
            ValueError: It is a number, but no multiple of the keyword's value.
        """
        if _is_number(instance) and Fraction(repr(instance)) % self._divisor:
            raise ValueError("not a multiple")
