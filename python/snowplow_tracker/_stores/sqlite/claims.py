"""Which ids of a store are claimed, and by which owner. Decides without a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["DELETED", "Claims", "IdRange", "contiguous_runs"]

DELETED = 0


class IdRange(NamedTuple):
    """The ids from `first` to `last`, claimed by an owner, or deleted: owner `DELETED`."""

    first: int
    last: int
    owner: int

    def size(self) -> int:
        """Return the number of ids."""
        return self.last - self.first + 1


class Claims:
    """Disjoint ranges of ids, in order.

    Ids are consecutive. So the number of events follows from the oldest id, the newest id and the
    `DELETED` ranges between them, and no rows need to be counted.
    """

    def __init__(self, ranges: Iterable[tuple[int, int, int]] = ()) -> None:
        self._ranges = sorted(IdRange(*each) for each in ranges)

    def __iter__(self) -> Iterator[IdRange]:
        """Iterate over the ranges."""
        return iter(self._ranges)

    def __eq__(self, other: object) -> bool:
        """Return whether these are the same ranges."""
        return isinstance(other, Claims) and self._ranges == other._ranges

    __hash__ = None  # type: ignore[assignment]

    def owners(self) -> set[int]:
        """Return the owners that have claimed ids."""
        return {each.owner for each in self._ranges} - {DELETED}

    def total(self, *owners: int) -> int:
        """Return how many ids these owners have."""
        return sum(each.size() for each in self._ranges if each.owner in owners)

    def first_free(self, oldest: int, newest: int) -> tuple[int, int] | None:
        """Return the first and last id of the oldest run of ids that are in no range."""
        first, last = oldest, newest
        for each in self._ranges:
            if each.first > first:
                last = min(each.first - 1, newest)
                break
            first = max(first, each.last + 1)
        return (first, last) if first <= last else None

    def add(self, first: int, last: int, owner: int) -> None:
        """Add ids that are in no range. Adjacent `DELETED` ranges are merged."""
        if owner == DELETED:
            for each in [each for each in self._ranges if each.owner == DELETED]:
                if each.last + 1 == first or last + 1 == each.first:
                    self._ranges.remove(each)
                    first, last = min(first, each.first), max(last, each.last)
        self._ranges = sorted([*self._ranges, IdRange(first, last, owner)])

    def remove(self, first: int, last: int, owner: int) -> list[tuple[int, int]]:
        """Remove those of the ids that an owner has. Returns them as runs (first, last)."""
        kept: list[IdRange] = []
        removed = []
        for each in self._ranges:
            inner = max(first, each.first), min(last, each.last)
            if each.owner != owner or inner[0] > inner[1]:
                kept.append(each)
                continue
            removed.append(inner)
            if each.first < inner[0]:
                kept.append(IdRange(each.first, inner[0] - 1, owner))
            if inner[1] < each.last:
                kept.append(IdRange(inner[1] + 1, each.last, owner))
        self._ranges = kept
        return removed

    def release(self, owners: Iterable[int]) -> None:
        """Remove every id that one of the owners has."""
        former = set(owners)
        self._ranges = [each for each in self._ranges if each.owner not in former]

    def trim(self, oldest: int, newest: int) -> None:
        """Drop `DELETED` ranges that are not between events: SQLite may reuse their ids."""
        self._ranges = [
            each
            for each in self._ranges
            if each.owner != DELETED or oldest < each.first <= each.last < newest
        ]


def contiguous_runs(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return ids as runs of consecutive ones, each as (first, last)."""
    runs: list[tuple[int, int]] = []
    for each in sorted(ids):
        if runs and runs[-1][1] + 1 == each:
            runs[-1] = (runs[-1][0], each)
        else:
            runs.append((each, each))
    return runs
