"""Access to the internals of the public stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowplow_tracker._stores.memory import MemoryStore
from snowplow_tracker._stores.record_store import builtin_store_of
from snowplow_tracker._stores.sqlite.store import SQLiteStore

if TYPE_CHECKING:
    from snowplow_tracker import EventStore


def memory_store_of(store: EventStore) -> MemoryStore:
    inner = builtin_store_of(store)
    assert isinstance(inner, MemoryStore)
    return inner


def sqlite_store_of(store: EventStore) -> SQLiteStore:
    inner = builtin_store_of(store)
    assert isinstance(inner, SQLiteStore)
    return inner
