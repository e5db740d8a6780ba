"""`Places`: where in the input the records are that have no outcome yet."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, NamedTuple

__all__ = ["Places", "Position"]


class _Part:
    """The place of an event whose record has further events."""

    __slots__ = ("place",)

    def __init__(self, place: Any) -> None:
        self.place = place


class Position(NamedTuple):
    """Up to where all records have their outcome.

    Attributes:
        records: Number of these records, since the first one.
        place: The place of the last one. None before the first one.
    """

    records: int
    place: Any


class Places:
    """The places of records, in the order in which they came.

    One thread adds places; any thread may ask for the position. Records that became no event have
    no number in the store. They are remembered with the number of the next event.

    Attributes:
        open: The places of the events from the first one without an outcome on.
    """

    def __init__(self) -> None:
        self.open: deque[Any] = deque()
        self._closed = 0  # number of events whose places are forgotten
        self._others: deque[tuple[int, Any]] = deque()
        self._position = Position(0, None)
        self._lock = threading.Lock()

    def add(self, place: Any, is_last: bool = True) -> None:
        """Add the place of the next event.

        Args:
            place: The place.
            is_last: Whether it is the last event of its record. Default True.
        """
        self.open.append(place if is_last else _Part(place))

    def limit(self, accepted: int) -> None:
        """Forget a place whose event was not stored, if there is one."""
        with self._lock:
            while self._closed + len(self.open) > accepted:
                self.open.pop()

    def add_other(self, place: Any) -> None:
        """Add the place of a record that became no event."""
        with self._lock:
            self._others.append((self._closed + len(self.open), place))

    def of(self, number: int) -> Any:
        """Return the place of an event that is not below the watermark."""
        place = self.open[number - self._closed]
        return place.place if type(place) is _Part else place

    def position(self, watermark: int) -> Position:
        """Return the position, and forget the places before it.

        Args:
            watermark: All events below this number have their outcome.
        """
        with self._lock:
            records, place = self._position
            while self._closed < watermark:
                while self._others and self._others[0][0] <= self._closed:
                    self._others.popleft()
                    records += 1
                closed = self.open.popleft()
                self._closed += 1
                if type(closed) is not _Part:
                    place = closed
                    records += 1
            while self._others and self._others[0][0] <= watermark:
                place = self._others.popleft()[1]
                records += 1
            self._position = Position(records, place)
            return self._position
