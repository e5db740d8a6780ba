"""Which entries of a list in Redis were taken, and are neither delivered nor put back."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

from snowplow_tracker._emitter import Emitter, engine_of
from snowplow_tracker.event_store import InMemoryEventStore

if TYPE_CHECKING:
    from snowplow_tracker.redis._lists import EntryList
    from snowplow_tracker.typing import SupportsInput

__all__ = ["TakenEntries"]

logger = logging.getLogger("snowplow_tracker.redis.redis_worker")

# What a worker with an AsyncEmitter holds when it is killed is sent again by another one.
_MAX_TAKEN = 1_000


class TakenEntries:
    """The entries that one run of a worker has taken from its list.

    An entry may be forgotten when the emitter has delivered it, or has put it into a store that
    survives the process. Custom emitters and stores of the program's own are trusted with what
    they are given.

    Args:
        entries: The list.
        emitter: The emitter that gets the events.
    """

    def __init__(self, entries: EntryList, emitter: SupportsInput) -> None:
        self._list = entries
        self._emitter = emitter
        self._handed_over: list[str | bytes] = []
        self._current: str | bytes | None = None
        self._dropped_before = 0

    def take(self) -> str | bytes | None:
        """Take the oldest entry of the list."""
        self._put_current_back()  # the last one was interrupted before it was handed over
        self._dropped_before = self._dropped()
        self._current = self._list.take()
        return self._current

    def keep(self) -> None:
        """Keep the entries from other workers while the emitter has no room for further ones."""
        self._list.keep()

    def _put_current_back(self) -> None:
        if self._current is not None:
            self._list.put_last_back(self._current)
            self._current = None

    def hand_over(self) -> bool:
        """Note that the emitter has been given the entry. Returns whether it has accepted it.

        An entry that a closed emitter or a full store has dropped goes back to its place.
        """
        if self._dropped() > self._dropped_before and not self.has_room():
            self._put_current_back()
            return False
        self.skip()
        if len(self._handed_over) >= _MAX_TAKEN:
            flush(self._emitter)
            self._acknowledge_if_safe()
        return True

    def skip(self) -> None:
        """Note that the entry needs nothing more than what the emitter has of it."""
        if self._current is not None:
            self._handed_over.append(self._current)
            self._current = None
        self._acknowledge_if_safe()

    def _acknowledge_if_safe(self) -> None:
        if self._are_safe():
            self._handed_over.clear()
            self._list.acknowledge()

    def has_room(self) -> bool:
        """Return whether the emitter accepts another event, and is not waiting for a retry."""
        emitter = self._emitter
        if not isinstance(emitter, Emitter):
            return True
        engine = engine_of(emitter)
        if not engine.context.state.is_open or not engine.context.queue.has_room():
            return False
        return not (_is_in_memory(emitter) and engine.retry.is_due_later())

    def put_back(self) -> None:
        """Put back what the emitter could not send, and take it away from the emitter."""
        emitter = self._emitter
        if not (isinstance(emitter, Emitter) and _is_in_memory(emitter) and self._handed_over):
            self._return_to_list(set(), is_known=True)
            return
        queue = engine_of(emitter).context.queue
        completions = engine_of(emitter).context.completions
        deadline = time.monotonic() + emitter.exit_timeout
        completions.wait_until(lambda: not queue.in_flight(), deadline)
        is_known = not queue.in_flight()
        left = queue.take_all()
        returned: set[str] = set()
        try:
            returned = self._return_to_list({str(event.get("eid")) for event in left}, is_known)
        finally:
            ours = [event for event in left if event.get("eid") in returned]
            others = [event for event in left if event.get("eid") not in returned]
            if ours:
                queue.cleanup(ours, False)
            if others:
                queue.cleanup(others, True)

    def _return_to_list(self, unsent: set[str], is_known: bool) -> set[str]:
        """Return entries to the list by their event ids. Returns the ids.

        Args:
            unsent: The ids of the events that the emitter still has.
            is_known: Whether these are all. Otherwise all entries are returned.
        """
        current = [] if self._current is None else [self._current]
        ids = {entry: _event_id(entry) for entry in {*self._handed_over, *current}}
        entries = [each for each in self._handed_over if not is_known or ids[each] in unsent]
        entries += current
        if not self._list.finish(entries):
            return set()
        self._handed_over, self._current = [], None
        if entries:
            logger.info("%d events were put back into Redis", len(entries))
        return {event_id for each in entries if (event_id := ids[each]) is not None}

    def _are_safe(self) -> bool:
        emitter = self._emitter
        if not isinstance(emitter, Emitter) or not _is_in_memory(emitter):
            return True
        return engine_of(emitter).context.queue.unanswered() == 0

    def _dropped(self) -> int:
        emitter = self._emitter
        if not isinstance(emitter, Emitter):
            return 0
        return engine_of(emitter).context.counters.snapshot()["dropped"]


def flush(emitter: Any) -> None:
    """Call an emitter's `sync_flush`, if it has one."""
    sync_flush = getattr(emitter, "sync_flush", None)
    if sync_flush is not None:
        sync_flush()


def _is_in_memory(emitter: Emitter) -> bool:
    return isinstance(emitter.event_store, InMemoryEventStore)


def _event_id(entry: str | bytes) -> str | None:
    try:
        payload = json.loads(entry)
    except (ValueError, RecursionError):
        return None
    return str(payload["eid"]) if isinstance(payload, dict) and "eid" in payload else None
