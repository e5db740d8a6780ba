"""`SQLiteStore`: the state and the record store of an `SQLiteEventStore`."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from snowplow_tracker._disabled import is_disabled
from snowplow_tracker._locks import sections
from snowplow_tracker._native import encode_record
from snowplow_tracker._stores.sqlite.database import EventDatabase
from snowplow_tracker._stores.sqlite.recovery import RecoveringConnection
from snowplow_tracker._stores.sqlite.serialized import SerializedAccess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from typing_extensions import TypeVarTuple, Unpack

    from snowplow_tracker._native import RecordBatch
    from snowplow_tracker._stores.sqlite.database import ClaimedBatch
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")

__all__ = ["SQLiteStore"]

# The largest batch that `take_dicts` hands out.
_MAX_DICTS, _MAX_DICTS_BYTES = 10_000, 1_000_000


class _Finished(NamedTuple):
    owner: int
    ids: Sequence[int]
    requeue: bool


class _HandedOut(NamedTuple):
    event: PayloadDict
    owner: int
    id: int


class SQLiteStore:
    """Events in a SQLite file. A failure is logged and never raised.

    Args:
        path: Path of the file.
        capacity: The maximum number of events, including those in flight.
        max_bytes: The maximum size of the file.
        synchronous: SQLite's setting of that name.
        claim_timeout: Seconds between two looks for dead owners.

    Raises:
        ForeignFileError: The file is not a store of this version.

    Attributes:
        settings: The arguments, for another store of the same file.
        connection: The connection to the database.
        access: Serializes the use of the connection.
    """

    keeps_records = True
    sink = None

    def __init__(
        self, path: Path, capacity: int, max_bytes: int, synchronous: str, claim_timeout: float
    ) -> None:
        self.settings = (path, capacity, max_bytes, synchronous, claim_timeout)
        self._path = path
        self._capacity = capacity
        self._claim_timeout = claim_timeout
        self.connection = RecoveringConnection(path, max_bytes, synchronous)
        self.access = SerializedAccess(self.connection)
        # Finished claims that could not be written to the file yet. They are tried again first.
        self._unwritten: deque[_Finished] = deque()
        # By the identity of the dict.
        self._handed_out: dict[int, _HandedOut] = {}
        self._next_owner_check_at = 0.0
        if is_disabled():  # no file without need: nobody tracks
            return
        self.connection.open_or_log()
        # Opened again by the first event. C code may copy the process before that, without Python's
        # fork hooks: a copy cannot use a file that was open.
        if self.connection.database is not None:
            self.connection.close()
            self.connection.reset()

    # --- records: see `RecordStore`

    def add_record(self, record: bytes, created_ms: int) -> bool | None:
        """Store a record: see `RecordStore`."""
        if sections.is_in_store():
            return None
        return self.access.run(self._insert, False, record, created_ms)

    def add_dict(self, event: PayloadDict) -> bool | None:
        """Store an event, its values as text: see `RecordStore`."""
        return self.add_record(*encode_record(event))

    def take_records(self, max_events: int, max_bytes: int) -> _ClaimedRecords | None:
        """Claim the oldest records that fit into a request body of `max_bytes`, at least one."""
        claimed = self._do(EventDatabase.claim, None, max_events, max_bytes)
        return None if claimed is None else _ClaimedRecords(self, claimed)

    def finish_claim(self, owner: int, ids: Sequence[int], requeue: bool) -> None:
        """Acknowledge or requeue claimed events, now or as soon as the file can be written."""
        self._unwritten.append(_Finished(owner, ids, requeue))
        self._write_finished()

    @property
    def approximate_size(self) -> int:
        """How many events are waiting. Changes by other processes are noticed with a delay."""
        return self.size() if self._is_owner_check_due() else self._waiting()

    def refresh_size(self) -> int:
        """Return how many events are waiting, including those that a dead owner had claimed."""
        self._refresh_counts(release_dead=True)
        return self._waiting()

    @property
    def in_flight(self) -> int:
        """How many events this store has claimed that are neither acknowledged nor requeued."""
        return self._read(_in_flight, 0)

    @property
    def acked_unwritten(self) -> int:
        """How many of the events in flight are acknowledged, but could not be deleted yet."""
        return sum(len(each.ids) for each in list(self._unwritten) if not each.requeue)

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting event was created, in milliseconds since 1970."""
        return self._read(EventDatabase.oldest_ms, None)

    def has_room(self) -> bool:
        """Return whether one more event would be stored."""
        return self._do(self._has_room, False)

    @property
    def has_failed(self) -> bool:
        """True if the last operation failed: the store may still hold events."""
        return self.connection.has_failed

    def release(self) -> None:
        """Close the file until it is needed again."""
        self.access.release()

    def reset_after_fork(self) -> None:
        """Do nothing: `serialized` resets each store, also one that no emitter uses."""

    # --- dicts

    def take_dicts(self) -> PayloadDictList:
        """Claim the oldest events, at most as many as fit into one request."""
        claimed = self._do(EventDatabase.claim, None, _MAX_DICTS, _MAX_DICTS_BYTES)
        if claimed is None:
            return []
        events = claimed.batch.events()
        for event, event_id in zip(events, claimed.ids, strict=True):
            self._handed_out[id(event)] = _HandedOut(event, claimed.owner, event_id)
        return events

    def finish_dicts(self, events: PayloadDictList, requeue: bool) -> PayloadDictList:
        """Acknowledge or requeue events. Returns those that this store has not handed out."""
        ids: dict[int, list[int]] = {}
        unknown = []
        for event, key in zip(events, self._keys_of(events), strict=True):
            handed_out = self._handed_out.pop(key, None)
            if handed_out is None:
                unknown.append(event)
            else:
                ids.setdefault(handed_out.owner, []).append(handed_out.id)
        for owner, ids_of_owner in ids.items():
            self.finish_claim(owner, ids_of_owner, requeue)
        return unknown

    def size(self) -> int:
        """Return how many events are waiting, whichever process stored them."""
        self._refresh_counts(release_dead=self._is_owner_check_due())
        return self._waiting()

    def _keys_of(self, events: PayloadDictList) -> list[int]:
        """Return the keys of events in `_handed_out`. Copies are recognized by their event id."""
        if all(id(event) in self._handed_out for event in events):
            return [id(event) for event in events]
        by_eid = {each.event.get("eid"): key for key, each in self._handed_out.items()}
        by_eid.pop(None, None)
        return [
            id(event) if id(event) in self._handed_out else by_eid.get(event.get("eid"), 0)
            for event in events
        ]

    # --- operations on the database

    def _do(
        self,
        operation: Callable[[EventDatabase, Unpack[Ts]], T],
        default: T,
        *args: Unpack[Ts],
    ) -> T:
        self._write_finished()
        return self.access.do(operation, default, *args)

    def _read(
        self,
        operation: Callable[[EventDatabase, Unpack[Ts]], T],
        default: T,
        *args: Unpack[Ts],
    ) -> T:
        return default if self.connection.is_gone() else self._do(operation, default, *args)

    def _write_finished(self) -> None:
        while self._unwritten:
            try:
                finished = self._unwritten.popleft()
            except IndexError:  # another thread, or a signal handler, was faster
                return
            is_written = False
            try:
                is_written = self.access.do(_finish, False, finished)
            finally:
                if not is_written:
                    self._unwritten.appendleft(finished)
            if not is_written:
                return

    def _insert(self, database: EventDatabase, record: bytes, created_ms: int) -> bool:
        error_log = self.connection.error_log
        if database.stored >= self._capacity and not self._has_room(database):
            error_log.error(
                "Event refused: the store is full, its capacity is %d. Raise capacity,"
                ' or set when_full="block" to wait for room',
                self._capacity,
            )
            return False
        if self.connection.refusal is not None:
            error_log.error(f"Event refused: {self.connection.refusal}: %s", self._path)
            return False
        database.insert(record, created_ms)
        return True

    def _has_room(self, database: EventDatabase) -> bool:
        database.refresh_counts()
        return database.stored < self._capacity and self.connection.refusal is None

    def _waiting(self) -> int:
        database = self.connection.database
        return 0 if database is None else database.waiting

    def _is_owner_check_due(self) -> bool:
        return time.monotonic() >= self._next_owner_check_at

    def _refresh_counts(self, release_dead: bool) -> None:
        if release_dead:
            self._next_owner_check_at = time.monotonic() + self._claim_timeout
        self._read(EventDatabase.refresh_counts, None, release_dead)


class _ClaimedRecords:
    """Implements the protocol `ClaimedRecords`."""

    __slots__ = ("_ids", "_owner", "_store", "batch")

    def __init__(self, store: SQLiteStore, claimed: ClaimedBatch) -> None:
        self._store = store
        self._owner = claimed.owner
        self._ids = claimed.ids
        self.batch = claimed.batch

    def finish(self, batch: RecordBatch, place: int, requeue: bool) -> None:
        """Acknowledge or requeue the records, or some of them."""
        self._store.finish_claim(self._owner, self._ids[place : place + len(batch)], requeue)


def _in_flight(database: EventDatabase, /) -> int:
    database.refresh_counts()
    return database.in_flight


def _finish(database: EventDatabase, finished: _Finished, /) -> bool:
    database.finish(*finished)
    return True
