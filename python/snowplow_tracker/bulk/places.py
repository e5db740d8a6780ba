"""`Places`: where in the input the records are that have no outcome yet."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Places", "Position"]


class _Part:
    """The place of an event whose record has further events."""

    __slots__ = ("place",)

    def __init__(self, place: Any) -> None:
        self.place = place


class _Run:
    """The places of consecutive events, by index: those from `start` up to, not including, `end`.

    One object for some hundred events takes no time for each of them.
    """

    __slots__ = ("end", "place_of", "start")

    def __init__(self, place_of: Callable[[int], Any], start: int, end: int) -> None:
        self.place_of = place_of
        self.start = start
        self.end = end


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
        added: Number of events so far.
        closed: Number of those whose places are forgotten.
    """

    def __init__(self) -> None:
        self.added = 0
        self.closed = 0
        self._open: deque[Any] = deque()
        self._others: deque[tuple[int, Any]] = deque()
        self._position = Position(0, None)
        self._lock = threading.Lock()

    def add(self, place: Any, is_last: bool = True) -> None:
        """Add the place of the next event.

        Args:
            place: The place.
            is_last: Whether it is the last event of its record. Default True.
        """
        self._open.append(place if is_last else _Part(place))
        self.added += 1

    def add_run(self, place_of: Callable[[int], Any], start: int, end: int) -> None:
        """Add the places of the next events, each the only one of its record.

        Args:
            place_of: Returns a place by its index.
            start: The index of the first one.
            end: The index after the last one.
        """
        self._open.append(_Run(place_of, start, end))
        self.added += end - start

    def limit(self, accepted: int) -> None:
        """Forget the places of events that were not stored, if there are any.

        Args:
            accepted: Number of events that were stored so far.
        """
        with self._lock:
            excess = self.closed + sum(map(_count, self._open)) - accepted
            while excess > 0:
                last = self._open.pop()
                left = _count(last) - excess
                excess = -left
                if left > 0:
                    self._open.append(_Run(last.place_of, last.start, last.start + left))
            self.added = accepted

    def add_other(self, place: Any) -> None:
        """Add the place of a record that became no event."""
        with self._lock:
            self._others.append((self.added, place))

    def of(self, first: int, count: int) -> list[Any]:
        """Return the places of consecutive events, none of which is below the watermark."""
        with self._lock:
            number, end, places = self.closed, first + count, []
            for each in self._open:
                size = _count(each)
                if type(each) is _Run:
                    begin = each.start - number
                    wanted = range(max(first, number), min(end, number + size))
                    places += [each.place_of(begin + event) for event in wanted]
                elif number >= first:
                    places.append(each.place if type(each) is _Part else each)
                number += size
                if number >= end:
                    break
            return places

    def position(self, watermark: int) -> Position:
        """Return the position, and forget the places before it.

        Args:
            watermark: All events below this number have their outcome.
        """
        with self._lock:
            records, place = self._position
            while self.closed < watermark:
                while self._others and self._others[0][0] <= self.closed:
                    self._others.popleft()
                    records += 1
                first = self._open[0]
                count = min(_count(first), watermark - self.closed)
                if type(first) is _Run:
                    first.start += count
                    place = first.place_of(first.start - 1)
                elif type(first) is not _Part:
                    place = first
                if type(first) is not _Part:
                    records += count
                if type(first) is not _Run or first.start == first.end:
                    self._open.popleft()
                self.closed += count
            while self._others and self._others[0][0] <= watermark:
                place = self._others.popleft()[1]
                records += 1
            self._position = Position(records, place)
            return self._position


def _count(places: Any) -> int:
    return places.end - places.start if type(places) is _Run else 1
