"""The columns that the events of a journal have, and their values if they are few."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from snowplow_tracker.collector.flat import flat_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from snowplow_tracker.collector.journal import Journal

__all__ = ["ColumnIndex"]

_MAX_COLUMNS = 5_000
_MAX_NAME = 300
_MAX_VALUES = 20
_MAX_VALUE = 300
_MAX_DEPTH = 3


class _Column:
    """The values of a column: all of them, or None after there were too many."""

    def __init__(self) -> None:
        self.values: dict[str | float | bool, None] | None = {}
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
        for number, row in reversed(self._journal.numbered_rows(self._last)):
            self._last = number
            for name, value in _nested(flat_event(row)):
                column = self._columns.get(name)
                if column is None:
                    if len(self._columns) >= _MAX_COLUMNS or len(name) > _MAX_NAME:
                        continue
                    column = self._columns[name] = _Column()
                column.add(value)


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
