"""`Journal`: stores the rows of events, to be counted, queried, awaited and cleared."""

from __future__ import annotations

import threading
from collections import Counter, deque
from heapq import merge
from itertools import islice, takewhile
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypedDict

from snowplow_tracker._canonical_event import EVENT_TYPES
from snowplow_tracker.collector.enriched import enriched_event

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from snowplow_tracker.collector.rows import CollectorPayload, Row

__all__ = ["Counts", "Journal", "bad_json", "good_json"]


class Counts(TypedDict):
    """Numbers of events since the last reset, including those that the journal has dropped."""

    total: int
    good: int
    bad: int


def good_json(row: Row) -> dict[str, Any]:
    """Return a good row as Snowplow Micro shows it."""
    parameters = row.parameters or {}
    return {
        "rawEvent": row.payload.raw_event(parameters),
        "eventType": EVENT_TYPES[parameters["e"]].name,
        "schema": row.schema,
        "contexts": list(row.contexts),
        "event": enriched_event(row),
    }


def bad_json(row: Row) -> dict[str, Any]:
    """Return a bad row as Snowplow Micro shows it."""
    readable = row.parameters is not None
    return {
        "collectorPayload": row.payload.to_json(),
        "rawEvent": row.payload.raw_event(row.parameters or {}) if readable else None,
        "errors": list(row.errors),
    }


class _RowQueue:
    """Rows in order of arrival. Drops the oldest rows if there are too many or they are too big."""

    def __init__(self, max_rows: int, max_bytes: int) -> None:
        self._rows: deque[tuple[int, Row, int]] = deque()
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._bytes = 0
        self._last_payload: CollectorPayload | None = None
        self.received = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row, number: int) -> list[Row]:
        """Store a row, and return the rows dropped to make room for it."""
        size = row.size()
        if row.payload is not self._last_payload:
            size += row.payload.size()
            self._last_payload = row.payload
        self.received += 1
        self._rows.append((number, row, size))
        self._bytes += size
        dropped: list[Row] = []
        while len(self._rows) > self._max_rows or self._bytes > self._max_bytes:
            _, oldest, freed = self._rows.popleft()
            self._bytes -= freed
            dropped.append(oldest)
        return dropped

    def newest_first(self) -> list[Row]:
        return [row for _, row, _ in reversed(self._rows)]

    def times(self) -> list[int]:
        return [self._rows[at][1].payload.timestamp for at in (0, -1)] if self._rows else []

    def numbered(self, after: int, limit: int | None) -> list[tuple[int, Row]]:
        newer = takewhile(lambda item: item[0] > after, reversed(self._rows))
        return [(number, row) for number, row, _ in islice(newer, limit)]


class _Rows:
    """All rows of a journal. Not thread-safe: the journal holds its lock around each call."""

    def __init__(self, max_good: int, max_bad: int, max_bytes: int) -> None:
        self.good = _RowQueue(max_good, max_bytes)
        self.bad = _RowQueue(max_bad, max_bytes)
        self.dropped = 0
        self._event_ids: Counter[str] = Counter()

    @property
    def received(self) -> int:
        return self.good.received + self.bad.received

    def add(self, row: Row, number: int) -> bool:
        """Store a row. Returns whether a stored good event has the same id."""
        if row.errors:
            self.dropped += len(self.bad.add(row, number))
            return False
        event_id = _event_id(row)
        repeated = self._event_ids[event_id] > 0
        self._event_ids[event_id] += 1
        for oldest in self.good.add(row, number):
            self.dropped += 1
            dropped_id = _event_id(oldest)
            self._event_ids[dropped_id] -= 1
            if not self._event_ids[dropped_id]:
                del self._event_ids[dropped_id]
        return repeated


class Journal:
    """Events in memory, newest first. Safe to use from any thread.

    When the journal is full, it drops the oldest events; they remain counted.

    Args:
        max_good: Maximum number of good events kept. Default 100,000.
        max_bad: Maximum number of bad events kept. Default 10,000.
        max_bytes: Approximate maximum memory in bytes for the good events, and for the bad ones.
            Default 256 MiB.
    """

    def __init__(
        self, max_good: int = 100_000, max_bad: int = 10_000, max_bytes: int = 256 * 2**20
    ) -> None:
        self.__limits = (max_good, max_bad, max_bytes)
        self.__changed = threading.Condition()
        self.__last = 0
        self.__resets = 0
        self.__listeners: tuple[Callable[[], None], ...] = ()
        self.__rows = _Rows(*self.__limits)

    def reset(self) -> Counts:
        """Remove all events and set the counts to zero."""
        with self.__changed:
            self.__rows = _Rows(*self.__limits)
            self.__resets += 1
        self.__notify()
        return self.counts()

    @property
    def dropped(self) -> int:
        """Number of events counted since the last reset and no longer stored."""
        return self.__rows.dropped

    def add(self, row: Row) -> bool:
        """Store a row. Returns whether a stored good event has the same id."""
        with self.__changed:
            self.__last += 1
            repeated = self.__rows.add(row, self.__last)
            self.__changed.notify_all()
        self.__notify()
        return repeated

    def __notify(self) -> None:
        for listener in self.__listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a function after each change, on the thread that makes it.

        Args:
            listener: Must return at once, and must not raise.

        Returns:
            A function that ends this.
        """
        # A tuple that is replaced: a thread that notifies meanwhile goes on with the old one.
        with self.__changed:
            self.__listeners = (*self.__listeners, listener)

        def end() -> None:
            with self.__changed:
                self.__listeners = tuple(each for each in self.__listeners if each != listener)

        return end

    def counts(self) -> Counts:
        """Return the numbers of events since the last reset."""
        with self.__changed:
            good, bad = self.__rows.good.received, self.__rows.bad.received
        return {"total": good + bad, "good": good, "bad": bad}

    @property
    def last(self) -> int:
        """Number of the newest row. Rows are numbered from 1, and a reset does not start anew."""
        return self.__last

    @property
    def resets(self) -> int:
        """Number of resets."""
        return self.__resets

    def row(self, number: int) -> Row | None:
        """Return the row with a number, or None if it is not stored."""
        rows = self.numbered_rows(after=number - 1)
        return rows[-1][1] if rows and rows[-1][0] == number else None

    def times(self) -> tuple[int, int] | None:
        """Return when the oldest and the newest row arrived, in milliseconds since 1970."""
        with self.__changed:
            times = self.__rows.good.times() + self.__rows.bad.times()
        return (min(times), max(times)) if times else None

    def numbered_rows(self, after: int = 0, limit: int | None = None) -> list[tuple[int, Row]]:
        """Return rows with their numbers, good and bad, newest first.

        Args:
            after: Only rows with a higher number.
            limit: Maximum number of rows.
        """
        with self.__changed:
            queues = (self.__rows.good, self.__rows.bad)
            good, bad = (rows.numbered(after, limit) for rows in queues)
        if not (good and bad):
            return good or bad
        return list(islice(merge(good, bad, key=itemgetter(0), reverse=True), limit))

    def wait_for(self, count: int, timeout: float = 10.0) -> Counts:
        """Wait until a number of events, good or bad, were received since the last reset.

        Args:
            count: Number of events to wait for.
            timeout: Maximum wait in seconds. Default 10.

        Returns:
            The numbers of events.

        Raises:
            TimeoutError: Fewer events were received in time. The message says how many.
        """
        in_time = self.wait_until(lambda: self.__rows.received >= count, timeout)
        counts = self.counts()
        if not in_time:
            raise TimeoutError(
                f"count: {count} events expected in {timeout:g} s, {counts['total']} came"
                f" ({counts['good']} good, {counts['bad']} bad)"
            )
        return counts

    def wait_until(self, condition: Callable[[], object], timeout: float) -> bool:
        """Wait until a condition on the events holds.

        Args:
            condition: Called first, and again after each event.
            timeout: Maximum wait in seconds.

        Returns:
            Whether it holds.
        """
        with self.__changed:
            return bool(self.__changed.wait_for(condition, timeout))

    def good(
        self,
        event_type: str | None = None,
        schema: str | None = None,
        contexts: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return good events, newest first, in the format of Snowplow Micro's `/micro/good`.

        Args:
            event_type: Only events of this type: page_view, page_ping, struct, unstruct,
                transaction or transaction_item.
            schema: Only events with this schema URI.
            contexts: Only events with a context of each of these schema URIs.
            limit: Maximum number of events.
        """
        return [good_json(row) for row in self.good_rows(event_type, schema, contexts, limit)]

    def bad(
        self, vendor: str | None = None, version: str | None = None, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Return bad events, newest first, in the format of Snowplow Micro's `/micro/bad`.

        Args:
            vendor: Only events of requests to this vendor's path.
            version: Only events of requests to this version of the path: `tp2` (POST) or `tp1`
                (GET).
            limit: Maximum number of events.
        """
        return [bad_json(row) for row in self.bad_rows(vendor, version, limit)]

    def good_rows(
        self,
        event_type: str | None = None,
        schema: str | None = None,
        contexts: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """Return the rows of the events that `good` returns."""

        def wanted(row: Row) -> bool:
            kind = EVENT_TYPES[(row.parameters or {})["e"]].name
            return (
                (event_type is None or kind == event_type)
                and (schema is None or row.schema == schema)
                and (contexts is None or all(context in row.contexts for context in contexts))
            )

        with self.__changed:
            rows = self.__rows.good.newest_first()
        return list(islice(filter(wanted, rows), limit))

    def bad_rows(
        self, vendor: str | None = None, version: str | None = None, limit: int | None = None
    ) -> list[Row]:
        """Return the rows of the events that `bad` returns."""

        def wanted(row: Row) -> bool:
            payload = row.payload
            return vendor in {None, payload.vendor} and version in {None, payload.version}

        with self.__changed:
            rows = self.__rows.bad.newest_first()
        return list(islice(filter(wanted, rows), limit))


def _event_id(row: Row) -> str:
    return str((row.parameters or {})["eid"])
