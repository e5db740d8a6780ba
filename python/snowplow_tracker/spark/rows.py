"""Rows of Spark as records: only values that JSON has, and no nulls."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.times import iso_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["RowError", "records_of_batches", "records_of_rows"]

_PLAIN = (str, int, type(None))


class RowError(RecordError):
    """A row has a value that JSON does not have.

    Attributes:
        row: The row as text.
    """

    def __init__(self, reason: str, row: str) -> None:
        super().__init__(reason)
        self.row = row


class _Values:
    """Converts values.

    Args:
        keep_null: Whether fields of structs keep null. A column without a value is no key.
        is_local: Whether times without a zone are in the zone of this machine, as in PySpark's
            rows. If not, they are in UTC.
    """

    def __init__(self, keep_null: bool, is_local: bool) -> None:
        self._keep_null = keep_null
        self._is_local = is_local

    def record(self, row: Mapping[str, Any], is_flat: bool) -> dict[str, Any] | RowError:
        try:
            return {
                key: self._plain(key, value)
                for key, value in row.items()
                if value is not None or (is_flat and self._keep_null)
            }
        except RecordError as error:
            return RowError(str(error), repr(row))

    def _plain(self, key: str, value: Any) -> Any:
        if isinstance(value, _PLAIN):
            return value
        if hasattr(value, "asDict"):
            value = value.asDict()
        if isinstance(value, dict):
            return {
                str(name): self._plain(f"{key}.{name}", item)
                for name, item in value.items()
                if item is not None or self._keep_null
            }
        if isinstance(value, (list, tuple)):
            return [self._plain(key, item) for item in value]
        return self._scalar(key, value)

    def _scalar(self, key: str, value: Any) -> Any:
        if isinstance(value, float):
            return _finite(key, value)
        if isinstance(value, Decimal):
            return _number(key, value)
        if isinstance(value, datetime):
            is_local = self._is_local and value.tzinfo is None
            return iso_text(value.astimezone() if is_local else value)
        if isinstance(value, date):
            return iso_text(value)
        raise RecordError(f"{key}: JSON has no {type(value).__name__}; cast it to text or a number")


def _finite(key: str, value: float) -> float:
    if not math.isfinite(value):
        raise RecordError(f"{key}: JSON has no {value}")
    return value


def _number(key: str, value: Decimal) -> int | float:
    if value == value.to_integral_value():
        return int(value)
    number = float(value)
    if Decimal(repr(number)) != value:
        raise RecordError(
            f"{key}: {value} has more digits than a JSON number keeps; cast it to text"
        )
    return number


def records_of_rows(
    rows: Iterable[Any], *, is_flat: bool, keep_null: bool = False
) -> Iterator[dict[str, Any] | RowError]:
    """Yield records for rows of PySpark."""
    values = _Values(keep_null, is_local=True)
    for row in rows:
        yield values.record(row.asDict(), is_flat)


def records_of_batches(
    batches: Iterable[Any], *, is_flat: bool, keep_null: bool = False
) -> Iterator[dict[str, Any] | RowError]:
    """Yield records for batches of Arrow, `pyarrow.RecordBatch`."""
    values = _Values(keep_null, is_local=False)
    for batch in batches:
        for row in batch.to_pylist(maps_as_pydicts="strict"):
            yield values.record(row, is_flat)
