"""Where the events of a test come from: a journal, or a running Snowplow Micro."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from snowplow_tracker.collector.enriched import enriched_event
from snowplow_tracker.testing.tracked_event import TrackedEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker.collector.journal import Journal
    from snowplow_tracker.collector.rows import Row

__all__ = ["EventSource", "JournalSource", "MicroSource"]

_POLL_SECONDS = 0.05
_TIMEOUT_SECONDS = 10.0


class EventSource(Protocol):
    """Events that were received since the last reset."""

    def events(self) -> list[TrackedEvent]:
        """Return all events, good and bad, oldest first."""
        ...

    def reset(self) -> None:
        """Remove all events."""

    def wait_until(self, condition: Callable[[], object], timeout: float) -> bool:
        """Wait until a condition on the events holds. Returns whether it does.

        Args:
            condition: Called first, and again after further events.
            timeout: Maximum wait in seconds.
        """
        ...


class JournalSource:
    """The events of the local collector.

    Args:
        journal: The collector's journal.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._seen: dict[Row, TrackedEvent] = {}

    def events(self) -> list[TrackedEvent]:
        """Return all events, good and bad, oldest first. The same row is the same object."""
        rows = [row for _, row in reversed(self._journal.numbered_rows())]
        self._seen = {row: self._seen.get(row) or _event_of(row) for row in rows}
        return list(self._seen.values())

    def reset(self) -> None:
        """Remove all events."""
        self._journal.reset()

    def wait_until(self, condition: Callable[[], object], timeout: float) -> bool:
        """Wait until a condition on the events holds. Returns whether it does."""
        return self._journal.wait_until(condition, timeout)


class MicroSource:
    """The events of a Snowplow Micro that runs already, by its REST calls.

    Args:
        url: Its address, such as "http://localhost:9090".
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def events(self) -> list[TrackedEvent]:
        """Return all events, good and bad, in the order of their arrival."""
        found = [
            (_arrival(each), _event_of_good(each)) for each in reversed(self._call("/micro/good"))
        ]
        found += [
            (_arrival(each), _event_of_bad(each)) for each in reversed(self._call("/micro/bad"))
        ]
        return [event for _, event in sorted(found, key=lambda pair: pair[0])]

    def reset(self) -> None:
        """Remove all events."""
        self._call("/micro/reset")

    def wait_until(self, condition: Callable[[], object], timeout: float) -> bool:
        """Wait until a condition on the events holds. Returns whether it does.

        Micro responds before it has stored an event, so this asks again and again.
        """
        # By counting, not by a clock: a test may have stopped it.
        for _ in range(max(int(timeout / _POLL_SECONDS), 1)):
            if condition():
                return True
            time.sleep(_POLL_SECONDS)
        return bool(condition())

    def _call(self, path: str) -> Any:
        import requests  # noqa: PLC0415 - not needed with the local collector

        response = requests.get(self.url + path, timeout=_TIMEOUT_SECONDS)
        response.raise_for_status()
        return response.json()


def _event_of(row: Row) -> TrackedEvent:
    failures = [failure.to_json() for failure in row.failures]
    return TrackedEvent(row.parameters or {}, row.errors, failures, partial(enriched_event, row))


def _event_of_good(entry: dict[str, Any]) -> TrackedEvent:
    return TrackedEvent(entry["rawEvent"]["parameters"], enrich=partial(dict, entry["event"]))


def _event_of_bad(entry: dict[str, Any]) -> TrackedEvent:
    raw = entry.get("rawEvent") or {}
    errors = entry.get("errors") or ["the event is bad"]
    return TrackedEvent(raw.get("parameters") or {}, [*map(_as_text, errors)])


def _arrival(entry: dict[str, Any]) -> str:
    origin = entry.get("rawEvent") or entry.get("collectorPayload") or {}
    return str((origin.get("context") or {}).get("timestamp"))


def _as_text(error: object) -> str:
    return error if isinstance(error, str) else json.dumps(error)
