"""Which events a call of `/micro/events` asks for, and in which order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from snowplow_tracker.collector.flat import column_values

if TYPE_CHECKING:
    from snowplow_tracker.collector.rows import Row

__all__ = ["EventQuery", "text_list", "time_range"]

_MAX_PAGE = 1_000_000
_MAX_PAGE_SIZE = 10_000
_MAX_FILTERS = 100
_MAX_TEXTS = 1_000
_EVERYTHING = (-math.inf, math.inf)


def text_list(value: Any, name: str) -> list[str]:
    """Return a list of texts of a query.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, list) or len(value) > _MAX_TEXTS:
        raise ValueError(f"{name}: expected a list of at most {_MAX_TEXTS:,} strings")
    if not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name}: expected a list of strings")
    return value


def time_range(value: Any, name: str) -> tuple[float, float]:
    """Return start and end in milliseconds since 1970. The end is not part of the range.

    Raises:
        ValueError: It is not an object with two times.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected an object with start and end")  # noqa: TRY004
    start, end = (_time(value.get(key), f"{name}: {key}") for key in ("start", "end"))
    return (-math.inf if start is None else start, math.inf if end is None else end)


def _time(value: Any, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
            return _in_utc(moment).timestamp() * 1000
        except (ValueError, OverflowError):
            pass
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise ValueError(
        f"{name}: expected milliseconds since 1970, or a time such as 2026-01-31T12:00Z"
    )


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class _Filter:
    column: str
    values: frozenset[str] | None
    contains: str | None

    @classmethod
    def parse(cls, given: Any) -> _Filter:
        if not isinstance(given, dict) or not isinstance(given.get("column"), str):
            expected = 'expected objects such as {"column": "app_id", "values": ["shop"]}'
            raise ValueError(f"filters: {expected}")  # noqa: TRY004
        values, contains = given.get("values"), given.get("contains")
        if contains is not None and not isinstance(contains, str):
            raise ValueError("contains: expected a string")
        return cls(
            given["column"],
            None if values is None else frozenset(map(_text, _values(values))),
            None if contains is None else contains.lower(),
        )

    def matches(self, row: Row) -> bool:
        return any(map(self._takes, map(_text, column_values(row, self.column))))

    def _takes(self, text: str) -> bool:
        return (self.values is None or text in self.values) and (
            self.contains is None or self.contains in text
        )


def _values(values: Any) -> list[Any]:
    if not isinstance(values, list) or len(values) > _MAX_TEXTS:
        raise ValueError(f"values: expected a list of at most {_MAX_TEXTS:,}")
    if any(isinstance(value, (dict, list)) for value in values):
        raise ValueError("values: expected strings, numbers, booleans or null")
    return values


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    return str(value).lower()


@dataclass(frozen=True, slots=True)
class EventQuery:
    """The body of a call of `/micro/events`.

    Attributes:
        filters: All must match. Case is ignored.
        valid: Only good events, only bad ones, or both if None.
        times: Start and end of the time of arrival.
        sorting: A column, and whether its highest value comes first. None: newest first.
        page: From 1.
        page_size: Number of events of a page.
    """

    filters: tuple[_Filter, ...] = ()
    valid: bool | None = None
    times: tuple[float, float] = _EVERYTHING
    sorting: tuple[str, bool] | None = None
    page: int = 1
    page_size: int = 50

    @classmethod
    def parse(cls, body: dict[str, Any]) -> EventQuery:
        """Return the query of a body.

        Raises:
            ValueError: A part of it has the wrong type or is too large. The message names it.
        """
        filters = body.get("filters") or []
        if not isinstance(filters, list) or len(filters) > _MAX_FILTERS:
            raise ValueError(f"filters: expected a list of at most {_MAX_FILTERS}")
        valid = body.get("validEvents")
        if valid is not None and not isinstance(valid, bool):
            raise ValueError("validEvents: expected true, false or null")
        times = body.get("timeRange")
        return cls(
            tuple(map(_Filter.parse, filters)),
            valid,
            _EVERYTHING if times is None else time_range(times, "timeRange"),
            _sorting(body.get("sorting")),
            _integer(body.get("page", 1), "page", _MAX_PAGE),
            _integer(body.get("pageSize", 50), "pageSize", _MAX_PAGE_SIZE),
        )

    def select(self, rows: list[tuple[int, Row]]) -> list[Row]:
        """Return the rows that match, of all pages, in order."""
        start, end = self.times
        found = [
            row
            for _, row in rows
            if (self.valid is None or self.valid is not bool(row.errors))
            and start <= row.payload.timestamp < end
            and all(each.matches(row) for each in self.filters)
        ]
        if self.sorting:
            column, descending = self.sorting
            found.sort(key=lambda row: _sort_key(row, column), reverse=descending)
        return found


def _sorting(given: Any) -> tuple[str, bool] | None:
    if given is None:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("column"), str):
        expected = 'expected an object such as {"column": "app_id", "desc": true}'
        raise ValueError(f"sorting: {expected}")  # noqa: TRY004
    return given["column"], given.get("desc") is True


def _sort_key(row: Row, column: str) -> tuple[int, float, str]:
    value = next(column_values(row, column), None)
    if value is None:
        return (0, 0, "")
    if isinstance(value, (int, float)):
        return (1, value, "")
    return (2, 0, str(value).lower())


def _integer(value: Any, name: str, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"{name}: expected an integer from 1 to {most:,}")
    return value
