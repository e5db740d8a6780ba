"""Which ids of a store are taken, and by whom: what has to be decided, without a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["GONE", "Range", "Ranges", "runs_of"]

GONE = 0


class Range(NamedTuple):
    """Ids from `first` to `last`, taken by an owner, or sent and deleted: `GONE`."""

    first: int
    last: int
    owner: int

    def size(self) -> int:
        """Return how many ids it spans."""
        return self.last - self.first + 1


class Ranges:
    """Disjoint ranges of ids, in order.

    Ids count up by one, so that the number of events follows from the oldest id, the newest one
    and what is `GONE` between them; nothing has to be counted.
    """

    def __init__(self, ranges: Iterable[tuple[int, int, int]] = ()) -> None:
        self._ranges = sorted(Range(*each) for each in ranges)

    def __iter__(self) -> Iterator[Range]:
        """Return an iterator over the ranges."""
        return iter(self._ranges)

    def __eq__(self, other: object) -> bool:
        """Whether these are the same ranges."""
        return isinstance(other, Ranges) and self._ranges == other._ranges

    __hash__ = None  # type: ignore[assignment]

    def owners(self) -> set[int]:
        """Return who has taken something."""
        return {each.owner for each in self._ranges} - {GONE}

    def total(self, *owners: int) -> int:
        """Return how many ids belong to these owners."""
        return sum(each.size() for each in self._ranges if each.owner in owners)

    def first_free(self, oldest: int, newest: int) -> tuple[int, int] | None:
        """Return the first and the last of the oldest ids in a row that are in no range."""
        first, last = oldest, newest
        for each in self._ranges:
            if each.first > first:
                last = min(each.first - 1, newest)
                break
            first = max(first, each.last + 1)
        return (first, last) if first <= last else None

    def add(self, first: int, last: int, owner: int) -> None:
        """Add ids that are in no range; side by side with others that are gone, they become one."""
        if owner == GONE:
            for each in [each for each in self._ranges if each.owner == GONE]:
                if each.last + 1 == first or last + 1 == each.first:
                    self._ranges.remove(each)
                    first, last = min(first, each.first), max(last, each.last)
        self._ranges = sorted([*self._ranges, Range(first, last, owner)])

    def remove(self, first: int, last: int, owner: int) -> list[tuple[int, int]]:
        """Remove those of the ids that an owner has. Returns them, each run's first and last."""
        kept: list[Range] = []
        removed = []
        for each in self._ranges:
            inner = max(first, each.first), min(last, each.last)
            if each.owner != owner or inner[0] > inner[1]:
                kept.append(each)
                continue
            removed.append(inner)
            if each.first < inner[0]:
                kept.append(Range(each.first, inner[0] - 1, owner))
            if inner[1] < each.last:
                kept.append(Range(inner[1] + 1, each.last, owner))
        self._ranges = kept
        return removed

    def release(self, owners: Iterable[int]) -> None:
        """Remove all that owners have."""
        former = set(owners)
        self._ranges = [each for each in self._ranges if each.owner not in former]

    def trim(self, oldest: int, newest: int) -> None:
        """Forget what is gone and no longer between events: its ids may come again."""
        self._ranges = [
            each
            for each in self._ranges
            if each.owner != GONE or oldest < each.first <= each.last < newest
        ]


def runs_of(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return ids as runs, each by its first and last."""
    runs: list[tuple[int, int]] = []
    for each in sorted(ids):
        if runs and runs[-1][1] + 1 == each:
            runs[-1] = (runs[-1][0], each)
        else:
            runs.append((each, each))
    return runs
