"""Event stores: they hold events until they are sent."""

from __future__ import annotations

from operator import attrgetter

from snowplow_tracker._loggers import find_logger
from snowplow_tracker._stores.memory import MemoryStore
from snowplow_tracker._stores.record_store import STORE_METHODS, register_builtin_store
from snowplow_tracker._validation import require_count, require_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from typing import Any

    from snowplow_tracker._stores.protocols import EventStore as EventStore  # noqa: PLC0414
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

__all__ = ["EventStore", "InMemoryEventStore"]


class InMemoryEventStore:
    """Keeps events in memory, first in, first out. They are lost when the process is killed.

    Events are kept in encoded form. If you read `event_buffer`, or add an event whose values are
    not all text, the store keeps a list of dicts from then on.

    Args:
        logger: Refused events are logged here, at most once a minute. None for the logger
            `snowplow_tracker.event_store`.
        buffer_capacity: The maximum number of events, including those being sent. Default 10,000.

    Raises:
        ValueError: `logger` has no method `error`, or `buffer_capacity` is not a whole number of
            at least 0.
    """

    def __init__(self, logger: Logger, buffer_capacity: int = 10_000) -> None:
        log_to = require_methods(logger, ["error"], name="logger") or find_logger(__name__)
        self.__store = MemoryStore(log_to, require_count(buffer_capacity, name="buffer_capacity"))

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        # Trackers append to the records directly, but a replaced method must see every event. A
        # subclass needs no such care: its methods are never bypassed.
        if name in STORE_METHODS and type(self) is InMemoryEventStore:
            self.__store.keep_dicts()

    @property
    def logger(self) -> Logger:
        """Refused events are logged here."""
        return self.__store.log.logger

    @logger.setter
    def logger(self, value: Logger) -> None:
        self.__store.log.logger = value

    @property
    def buffer_capacity(self) -> int:
        """The maximum number of events, including those being sent."""
        return self.__store.capacity

    @buffer_capacity.setter
    def buffer_capacity(self, value: int) -> None:
        self.__store.capacity = value

    @property
    def event_buffer(self) -> PayloadDictList:
        """The waiting events as a list. You may change it in place, or assign another one."""
        return self.__store.dicts

    @event_buffer.setter
    def event_buffer(self, events: PayloadDictList) -> None:
        self.__store.dicts = events

    def add_event(self, payload: PayloadDict) -> bool:
        """Store an event. Returns False, and logs it, if the store is full."""
        return self.__store.add_dict(payload)

    def get_events_batch(self) -> PayloadDictList:
        """Take all waiting events."""
        return self.__store.take_dicts()

    def cleanup(self, batch: PayloadDictList, need_retry: bool) -> None:
        """Forget events that were taken, or put them back before the others if `need_retry`."""
        self.__store.finish_dicts(batch, need_retry)

    def size(self) -> int:
        """Return how many events are waiting. Events that were taken do not count."""
        return self.__store.size()


_store_of: Callable[[InMemoryEventStore], MemoryStore] = attrgetter("_InMemoryEventStore__store")
register_builtin_store(InMemoryEventStore, _store_of)

# A protocol is made by `typing`, which is slow to import.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "EventStore":
            from snowplow_tracker._stores.protocols import EventStore  # noqa: PLC0415

            return EventStore
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
