"""The contract between delivery and this package's own event stores, and which stores fulfil it."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from snowplow_tracker._native import RecordBatch, RecordBuffer

__all__ = [
    "STORE_METHODS",
    "ClaimedRecords",
    "RecordStore",
    "builtin_store_of",
    "record_store_of",
    "register_builtin_store",
    "reset_after_fork",
    "sink_of",
]

STORE_METHODS = ("add_event", "cleanup", "get_events_batch", "size")
_method_names = frozenset(STORE_METHODS)
_methods_of = attrgetter(*STORE_METHODS)


class ClaimedRecords(Protocol):
    """Records that were taken from a store to be sent: they are in flight until finished."""

    @property
    def batch(self) -> RecordBatch:
        """The records."""
        ...

    def finish(self, batch: RecordBatch, place: int, requeue: bool) -> None:
        """Acknowledge or requeue the records, or some of them.

        Args:
            batch: The claimed batch or a part of it.
            place: The index of the part's first record within the claimed batch.
            requeue: True to put the records back in their original position, False to forget them.
        """
        ...


class RecordStore(Protocol):
    """A built-in store as delivery sees it: it holds finished records, and is thread-safe."""

    @property
    def keeps_records(self) -> bool:
        """True unless the store had to turn its records into dicts."""
        ...

    @property
    def sink(self) -> RecordBuffer | None:
        """The native buffer that a tracker may append to directly, if the store has one."""
        ...

    def add_record(self, record: bytes, created_ms: int) -> bool:
        """Store a record.

        Args:
            record: An event as `encode_record` returns it.
            created_ms: When the event was created, in milliseconds since 1970.

        Returns:
            False if the event was refused. The reason is logged.
        """
        ...

    def take_records(self, max_events: int, max_bytes: int) -> ClaimedRecords | None:
        """Claim the oldest waiting records.

        Args:
            max_events: The maximum number of records.
            max_bytes: The maximum size of their request body. A larger record is claimed alone.

        Returns:
            The claim, or None if no record is waiting.
        """
        ...

    @property
    def approximate_size(self) -> int:
        """How many events are waiting, without reading a file to find out."""
        ...

    def refresh_size(self) -> int:
        """Return how many events are waiting, including those that a dead process had claimed."""
        ...

    @property
    def in_flight(self) -> int:
        """How many events this store has handed out that are neither acknowledged nor requeued."""
        ...

    @property
    def acked_unwritten(self) -> int:
        """How many of the events in flight are acknowledged, but could not be deleted yet."""
        ...

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting event was created, in milliseconds since 1970, if known."""
        ...

    def has_room(self) -> bool:
        """Return whether one more event would be stored."""
        ...

    @property
    def has_failed(self) -> bool:
        """True if the last operation failed: the store may still hold events."""
        ...

    def reset_after_fork(self) -> None:
        """Forget everything that belongs to the parent process."""
        ...


class _BuiltinStore:
    __slots__ = ("methods", "record_store")

    def __init__(self, cls: type, record_store: Callable[[Any], RecordStore]) -> None:
        self.methods: tuple[object, ...] = _methods_of(cls)
        self.record_store = record_store


_builtin_stores: dict[type, _BuiltinStore] = {}


def register_builtin_store(cls: type, record_store: Callable[[Any], RecordStore]) -> None:
    """Register a public class whose instances are backed by a `RecordStore`.

    Call it right after the class is defined, before a program can replace a method.

    Args:
        cls: The public class.
        record_store: Returns the record store of an instance.
    """
    _builtin_stores[cls] = _BuiltinStore(cls, record_store)


def builtin_store_of(store: object) -> RecordStore | None:
    """Return the record store of an instance of a built-in class, but not of a subclass.

    A subclass may override any method, so delivery treats it like a store of the program's own.
    """
    builtin = _builtin_stores.get(type(store))
    return None if builtin is None else builtin.record_store(store)


def record_store_of(store: object) -> RecordStore | None:
    """Return the record store that delivery may use instead of the public store's methods.

    Returns:
        None if the store is not built in, if one of its methods was replaced (on the class or on
        the instance), or if it no longer keeps records.
    """
    builtin = _builtin_stores.get(type(store))
    if builtin is None or _methods_of(type(store)) != builtin.methods:
        return None
    if not _method_names.isdisjoint(vars(store)):
        return None
    record_store = builtin.record_store(store)
    return record_store if record_store.keeps_records else None


def sink_of(store: object) -> RecordBuffer | None:
    """Return the native buffer that a tracker may append a store's records to, if any."""
    record_store = record_store_of(store)
    return None if record_store is None else record_store.sink


def reset_after_fork(store: object) -> None:
    """Reset a built-in store in a forked child. An instance of a subclass is reset as well."""
    for cls, builtin in _builtin_stores.items():
        if isinstance(store, cls):
            try:
                record_store = builtin.record_store(store)
            except AttributeError:  # a subclass that does not call the constructor of its base
                continue
            record_store.reset_after_fork()
