"""What came: every row, good or bad, to be counted, queried, waited for and cleared."""

from __future__ import annotations

import threading
from collections import Counter, deque
from itertools import islice
from typing import TYPE_CHECKING, Any, TypedDict

from snowplow_tracker.collector.enriched import enriched_event
from snowplow_tracker.collector.protocol import EVENT_TYPES, VENDOR

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from snowplow_tracker.collector.rows import CollectorPayload, Row

__all__ = ["Counts", "Journal", "bad_json", "good_json"]


class Counts(TypedDict):
    """Numbers of events since the last reset, those included that the journal has dropped."""

    total: int
    good: int
    bad: int


def good_json(row: Row) -> dict[str, Any]:
    """A good row as Snowplow Micro shows it."""
    parameters = row.parameters or {}
    return {
        "rawEvent": row.payload.raw_event(parameters),
        "eventType": EVENT_TYPES[parameters["e"]].name,
        "schema": row.schema,
        "contexts": list(row.contexts),
        "event": enriched_event(row),
    }


def bad_json(row: Row) -> dict[str, Any]:
    """A bad row as Snowplow Micro shows it."""
    readable = row.parameters is not None
    return {
        "collectorPayload": row.payload.to_json(),
        "rawEvent": row.payload.raw_event(row.parameters or {}) if readable else None,
        "errors": list(row.errors),
    }


class _Shelf:
    """Rows in order of arrival, the oldest dropped when there are too many or they are too big."""

    def __init__(self, max_rows: int, max_bytes: int) -> None:
        self._rows: deque[tuple[Row, int]] = deque()
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._bytes = 0
        self._last_payload: CollectorPayload | None = None
        self.received = 0

    def add(self, row: Row) -> list[Row]:
        """Stores a row and returns those that had to go for it."""
        size = row.size()
        if row.payload is not self._last_payload:
            size += row.payload.size()
            self._last_payload = row.payload
        self.received += 1
        self._rows.append((row, size))
        self._bytes += size
        dropped: list[Row] = []
        while len(self._rows) > self._max_rows or self._bytes > self._max_bytes:
            oldest, freed = self._rows.popleft()
            self._bytes -= freed
            dropped.append(oldest)
        return dropped

    def newest_first(self) -> list[Row]:
        return [row for row, _ in reversed(self._rows)]


class Journal:
    """Events in memory, newest first, safe to use from any thread.

    When it is full the oldest events go, and the counts go on.

    Args:
        max_good: Good events kept.
        max_bad: Bad events kept.
        max_bytes: Memory for either kind, about.
    """

    def __init__(
        self, max_good: int = 100_000, max_bad: int = 10_000, max_bytes: int = 256 * 2**20
    ) -> None:
        self._limits = (max_good, max_bad, max_bytes)
        self._changed = threading.Condition()
        self.reset()

    def reset(self) -> Counts:
        """Forgets all events and counts from zero again."""
        max_good, max_bad, max_bytes = self._limits
        with self._changed:
            self._good = _Shelf(max_good, max_bytes)
            self._bad = _Shelf(max_bad, max_bytes)
            self._event_ids: Counter[str] = Counter()
            self._dropped = 0
        return self.counts()

    @property
    def dropped(self) -> int:
        """Events counted since the last reset and no longer stored."""
        return self._dropped

    def add(self, row: Row) -> bool:
        """Stores a row; True if a stored good event already has this one's id."""
        repeated = False
        with self._changed:
            if row.errors:
                self._dropped += len(self._bad.add(row))
            else:
                repeated = self._add_good(row)
            self._changed.notify_all()
        return repeated

    def _add_good(self, row: Row) -> bool:
        event_id = _event_id(row)
        repeated = self._event_ids[event_id] > 0
        self._event_ids[event_id] += 1
        for oldest in self._good.add(row):
            self._dropped += 1
            dropped_id = _event_id(oldest)
            self._event_ids[dropped_id] -= 1
            if not self._event_ids[dropped_id]:
                del self._event_ids[dropped_id]
        return repeated

    def counts(self) -> Counts:
        """Numbers of events since the last reset."""
        with self._changed:
            good, bad = self._good.received, self._bad.received
        return {"total": good + bad, "good": good, "bad": bad}

    def wait_for(self, count: int, timeout: float = 10.0) -> Counts:
        """Waits until so many events have come since the last reset, good and bad together.

        Args:
            count: Events to wait for.
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: Fewer came in time; the message says how many.
        """
        with self._changed:
            in_time = self._changed.wait_for(
                lambda: self._good.received + self._bad.received >= count, timeout
            )
        counts = self.counts()
        if not in_time:
            raise TimeoutError(
                f"count: {count} events expected in {timeout:g} s, {counts['total']} came"
                f" ({counts['good']} good, {counts['bad']} bad)"
            )
        return counts

    def good(
        self,
        event_type: str | None = None,
        schema: str | None = None,
        contexts: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Good events, newest first, in the shape of Snowplow Micro's `/micro/good`.

        Args:
            event_type: Only of this type: page_view, page_ping, struct, unstruct, transaction or
                transaction_item.
            schema: Only with this schema URI.
            contexts: Only with a context of each of these schema URIs.
            limit: At most so many.
        """
        return [good_json(row) for row in self.good_rows(event_type, schema, contexts, limit)]

    def bad(
        self, vendor: str | None = None, version: str | None = None, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Bad events, newest first, in the shape of Snowplow Micro's `/micro/bad`.

        Args:
            vendor: Only of requests to this vendor's path.
            version: Only of requests to this version of it, `tp2` (POST) or `tp1` (GET).
            limit: At most so many.
        """
        return [bad_json(row) for row in self.bad_rows(vendor, version, limit)]

    def good_rows(
        self,
        event_type: str | None = None,
        schema: str | None = None,
        contexts: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """The rows behind `good`."""

        def wanted(row: Row) -> bool:
            kind = EVENT_TYPES[(row.parameters or {})["e"]].name
            return (
                (event_type is None or kind == event_type)
                and (schema is None or row.schema == schema)
                and (contexts is None or all(context in row.contexts for context in contexts))
            )

        return self._select(self._good, wanted, limit)

    def bad_rows(
        self, vendor: str | None = None, version: str | None = None, limit: int | None = None
    ) -> list[Row]:
        """The rows behind `bad`."""

        def wanted(row: Row) -> bool:
            return vendor in {None, VENDOR} and version in {None, row.payload.version}

        return self._select(self._bad, wanted, limit)

    def _select(self, shelf: _Shelf, wanted: Callable[[Row], bool], limit: int | None) -> list[Row]:
        with self._changed:
            rows = shelf.newest_first()
        return list(islice(filter(wanted, rows), limit))


def _event_id(row: Row) -> str:
    return str((row.parameters or {})["eid"])
