"""The columns that the events of a journal have, and their values if they are few."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from snowplow_tracker.collector.decode import described_data
from snowplow_tracker.collector.enriched import CONVERTED
from snowplow_tracker.collector.flat import COMBINED_COLUMNS, column_name, flat_entities, flat_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from snowplow_tracker.collector.journal import Journal
    from snowplow_tracker.collector.rows import Row

__all__ = ["ColumnIndex"]

_MAX_COLUMNS = 5_000
_MAX_NAME = 300
_MAX_VALUES = 20
_MAX_VALUE = 300
_MAX_DEPTH = 3
_MAX_SHAPES = 1_000
_LISTED = {
    column: (field, convert)
    for field, (column, convert) in CONVERTED.items()
    if column not in COMBINED_COLUMNS and not column.endswith("_tstamp")
}
"""Atomic columns whose values are listed: those whose values are quick to get."""


class _Column:
    """The values of a column: all of them, or None if there are too many or nobody lists them."""

    def __init__(self, is_listed: bool) -> None:
        self.values: dict[str | float | bool, None] | None = {} if is_listed else None
        self.has_scalars = False

    def add(self, value: Any) -> None:
        if isinstance(value, (str, int, float)):
            self.has_scalars = True
            if self.values is not None:
                self.values[value] = None
                if len(self.values) > _MAX_VALUES or len(str(value)) > _MAX_VALUE:
                    self.values = None


class ColumnIndex:
    """Looks at each row once, when it is next asked. Bounded, whatever the events contain."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._columns: dict[str, _Column] = {}
        self._shapes: set[tuple[str | None, ...]] = set()
        self._last = 0
        self._resets = journal.resets

    def names(self) -> list[str]:
        """Return the names of the columns that have a value, nested ones as `parent.field`."""
        with self._lock:
            self._update()
            return sorted(self._columns)

    def stats(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return for each column whether it can be sorted and filtered, and its few values."""
        with self._lock:
            self._update()
            return {name: self._stats(name) for name in names}

    def _stats(self, name: str) -> dict[str, Any]:
        column = self._columns.get(name)
        if column is None or not column.has_scalars:
            return {"sortable": False, "filterable": False}
        stats: dict[str, Any] = {"sortable": not name.startswith("contexts_"), "filterable": True}
        if column.values is not None:
            stats["values"] = sorted(column.values, key=str)
        return stats

    def _update(self) -> None:
        if self._resets != self._journal.resets:
            self._resets = self._journal.resets
            self._columns.clear()
            self._shapes.clear()
        for number, row in reversed(self._journal.numbered_rows(self._last)):
            self._last = number
            for name, value in _nested(self._new_columns(row)):
                column = self._columns.get(name)
                if column is None:
                    if len(self._columns) >= _MAX_COLUMNS or len(name) > _MAX_NAME:
                        continue
                    column = self._columns[name] = _Column(_is_listed(name))
                column.add(value)

    def _new_columns(self, row: Row) -> dict[str, Any]:
        """Return the columns of a row, without those that cannot add anything to earlier ones.

        Events of one program have the same fields. Only the first of them has to become flat.
        """
        fields = row.parameters or {}
        shape = (fields.get("e"), *fields)
        if row.errors:
            return flat_event(row)
        if shape not in self._shapes:
            if len(self._shapes) < _MAX_SHAPES:
                self._shapes.add(shape)
            return flat_event(row)
        columns: dict[str, Any] = {
            column: convert(fields[field])
            for column, (field, convert) in _LISTED.items()
            if fields.get(field) and self._is_open(column)
        }
        if row.schema:
            columns["event_vendor"], columns["event_name"], *_ = row.schema[5:].split("/")
        if row.schema and (unstruct := described_data(fields, "ue_px", "ue_pr")):
            columns[column_name("unstruct_event", row.schema)] = unstruct["data"]
        columns.update(flat_entities(fields))
        return columns

    def _is_open(self, name: str) -> bool:
        column = self._columns.get(name)
        return column is None or column.values is not None


def _is_listed(name: str) -> bool:
    return name in _LISTED or name.startswith(("event", "contexts_", "unstruct_event_"))


def _nested(event: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in event.items():
        if value is not None:
            yield name, value
            if isinstance(value, (dict, list)):
                yield from _fields(name, value, _MAX_DEPTH)


def _fields(parent: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _fields(parent, item, depth)
    elif isinstance(value, dict) and depth:
        for key, item in value.items():
            name = f"{parent}.{key}"
            if item is not None:
                yield name, item
                yield from _fields(name, item, depth - 1)
