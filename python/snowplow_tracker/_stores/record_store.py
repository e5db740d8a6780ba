"""Which event stores are built in and unpatched, and what delivery uses them by."""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from snowplow_tracker._native import RecordBuffer
    from snowplow_tracker._stores.protocols import RecordStore

__all__ = [
    "STORE_METHODS",
    "builtin_store_of",
    "is_unpatched",
    "record_store_of",
    "register_builtin_store",
    "reset_after_fork",
    "sink_of",
    "unpatched_store_of",
]

STORE_METHODS = ("add_event", "cleanup", "get_events_batch", "size")
_method_names = frozenset(STORE_METHODS)
_methods_of = attrgetter(*STORE_METHODS)


class _BuiltinStore:
    __slots__ = ("methods", "record_store")

    def __init__(self, cls: type, record_store: Callable[[Any], RecordStore]) -> None:
        self.methods: tuple[object, ...] = _methods_of(cls)
        self.record_store = record_store


# A reload of the module keeps it.
_builtin_stores: dict[type, _BuiltinStore] = globals().get("_builtin_stores", {})


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
    record_store = unpatched_store_of(store)
    return record_store if record_store is not None and record_store.keeps_records else None


def is_unpatched(store: object) -> bool:
    """Return whether a store is built in, and none of its methods was replaced."""
    builtin = _builtin_stores.get(type(store))
    if builtin is None or _methods_of(type(store)) != builtin.methods:
        return False
    return _method_names.isdisjoint(vars(store))


def unpatched_store_of(store: object) -> RecordStore | None:
    """Return the record store of a built-in store, if none of its methods was replaced."""
    return builtin_store_of(store) if is_unpatched(store) else None


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
