"""`SQLiteEventStore`: events on disk until they are sent, shared by threads and processes."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from threading import TIMEOUT_MAX
from typing import TYPE_CHECKING, Any, TypeVar

from snowplow_tracker import _check, _native
from snowplow_tracker._sqlite.access import Access
from snowplow_tracker._sqlite.event_file import EventFile
from snowplow_tracker._sqlite.keeper import Keeper
from snowplow_tracker.event_store import note_record_store

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from typing_extensions import TypeVarTuple, Unpack

    from snowplow_tracker._batch import TakenRecords
    from snowplow_tracker._native import RecordBatch
    from snowplow_tracker.typing import PayloadDict, PayloadDictList

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")

__all__ = ["SQLiteEventStore"]

SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")
LEAST_BYTES = 65_536
_PART_EVENTS, _PART_BYTES = 10_000, 1_000_000  # the most that `get_events_batch` takes at once


class SQLiteEventStore:
    """Events in a SQLite file, first in, first out: they survive the end of the process.

    An event is in the file when `track` returns. Threads and processes may share the file; each
    event is sent by one of them. What a process had taken when it died waits again, in its old
    place; what it left behind is sent by the next one.

    What goes wrong with the file is logged, each failure once a minute at most, and an event that
    cannot be stored is refused. A damaged file is renamed, and a new one begun. While another
    process writes, a call waits: 5 seconds at most, and not at all after it did so in vain.

    Args:
        path: Of the file. Beside it lie its write-ahead log (`-wal`, `-shm`) and a file for locks
            (`-lock`), which must stay while a program uses it.
        capacity: The most events that it holds, those being sent included. Default 1,000,000.
        max_bytes: The most bytes that the file grows to, at least 65,536. Default 1 GiB. The
            write-ahead log comes to some 5 MB more.
        synchronous: What a loss of power may cost, SQLite's setting of that name. "NORMAL", the
            default: the last events. "FULL" or "EXTRA": nothing, but each event waits for the
            disk. "OFF": the file. A process that ends, killed or not, loses nothing with any.
        claim_timeout: Seconds until it is noticed, at the latest, that another process has died
            and what it had taken waits again. Default 60. A store that is opened or takes events
            notices at once. A process that lives keeps what it has taken.

    Raises:
        ValueError: A parameter is out of its range, the folder of `path` does not exist, or the
            file is another application's database or that of a later version of this one.
    """

    keeps_records = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        capacity: int = 1_000_000,
        max_bytes: int = 2**30,
        synchronous: str = "NORMAL",
        claim_timeout: float = 60.0,
    ) -> None:
        self._capacity = _check.whole(capacity, 1, name="capacity")
        max_bytes = _check.whole(max_bytes, LEAST_BYTES, name="max_bytes")
        if synchronous not in SYNCHRONOUS:
            raise ValueError(f"synchronous is none of {', '.join(SYNCHRONOUS)}: {synchronous!r}")
        self._claim_timeout = _check.seconds(claim_timeout, name="claim_timeout", most=TIMEOUT_MAX)
        limits = (self._capacity, max_bytes, synchronous, self._claim_timeout)
        self._parameters = (_full_path(path), *limits)
        self._keeper = Keeper(self._parameters[0], max_bytes, synchronous)
        self._access = Access(self._keeper)
        self._unsettled: deque[tuple[int, Sequence[int], bool]] = deque()
        # Events that were given out as dicts, by identity: who has taken them, and their ids.
        self._given_out: dict[int, tuple[PayloadDict, int, int]] = {}
        self._look_for_dead_at = 0.0
        self._keeper.open_first()

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process gets a store of its own, of the same file."""
        return type(self), self._parameters

    # --- what every store has

    def add_event(self, payload: PayloadDict) -> bool:
        """Store an event, its values as text; False and a line in the log where it was refused."""
        return self.add_record(*_native.encode_record(payload))

    def get_events_batch(self) -> PayloadDictList:
        """Take the oldest events, one request's worth at most."""
        taken = self._do(EventFile.take, None, _PART_EVENTS, _PART_BYTES)
        if taken is None:
            return []
        events = taken.batch.events()
        for event, event_id in zip(events, taken.ids, strict=True):
            self._given_out[id(event)] = (event, taken.owner, event_id)
        return events

    def cleanup(self, batch: PayloadDictList, need_retry: bool) -> None:
        """Forget events that were taken, or have them wait again in their old place."""
        ids: dict[int, list[int]] = {}
        for event, key in zip(batch, self._keys_of(batch), strict=True):
            known = self._given_out.pop(key, None)
            if known is not None:
                ids.setdefault(known[1], []).append(known[2])
            elif need_retry:
                self.add_event(event)
        for owner, events in ids.items():
            self._settle(owner, events, need_retry)

    def size(self) -> int:
        """Return how many events wait, whoever stored them."""
        self._count(time.monotonic() >= self._look_for_dead_at)
        return self._waiting

    # --- what an emitter asks of this package's own

    def add_record(self, record: bytes, created_ms: int) -> bool:
        """Store a record; False and a line in the log where it was refused.

        What interrupts this very store, as a signal handler may, is in the file when the
        interrupted call ends.
        """
        return self._access.do_even_if_late(self._insert, record, created_ms)

    def take_records(self, max_events: int, max_bytes: int) -> TakenRecords | None:
        """Take the oldest events, as many as fit a request body of `max_bytes`, at least one."""
        taken = self._do(EventFile.take, None, max_events, max_bytes)
        if taken is None:
            return None
        owner, ids = taken.owner, taken.ids

        def settle(batch: RecordBatch, place: int, need_retry: bool) -> None:
            self._settle(owner, ids[place : place + len(batch)], need_retry)

        return taken.batch, settle

    @property
    def waiting(self) -> int:
        """How many events wait; what other processes did is known after a while."""
        is_due = time.monotonic() >= self._look_for_dead_at
        return self.size() if is_due else self._waiting

    def waiting_now(self) -> int:
        """Return how many events wait, what the dead had taken included."""
        self._count(look_for_dead=True)
        return self._waiting

    @property
    def in_flight(self) -> int:
        """How many events this store has taken that are neither sent nor given back."""
        return self._do(_in_flight, 0)

    @property
    def answered(self) -> int:
        """How many of those are answered for, and only cannot be written off yet."""
        return sum(len(ids) for _, ids, retry in list(self._unsettled) if not retry)

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest waiting event was created, in milliseconds since 1970."""
        return self._do(EventFile.oldest_ms, None)

    def has_room(self) -> bool:
        """Whether one more event would be stored."""
        return self._do(self._has_room, False)

    @property
    def has_failed(self) -> bool:
        """Whether the last thing that was done with the file failed."""
        return self._keeper.has_failed

    def late_refusals(self) -> int:
        """Return how many events that interrupted this store were refused since this was asked."""
        refusals, self._access.late_failures = self._access.late_failures, 0
        return refusals

    # --- with the file

    def _do(
        self,
        operation: Callable[[EventFile, Unpack[Ts]], T],
        otherwise: T,
        *args: Unpack[Ts],
    ) -> T:
        self._settle_all()
        return self._access.do(operation, otherwise, *args)

    def _insert(self, file: EventFile, record: bytes, created_ms: int) -> bool:
        if file.stored >= self._capacity and not self._has_room(file):
            self._keeper.mishaps.error(
                "Event refused: the store is full, its capacity is %d. Raise capacity,"
                ' or have when_full="block" wait for room',
                self._capacity,
            )
            return False
        if self._keeper.is_disk_full:
            self._keeper.mishaps.error(
                "Event refused: the disk is nearly full, what is left is for sending: %s",
                self._parameters[0],
            )
            return False
        file.insert(record, created_ms)
        return True

    def _has_room(self, file: EventFile) -> bool:
        file.count()
        return file.stored < self._capacity and not self._keeper.is_disk_full

    @property
    def _waiting(self) -> int:
        file = self._keeper.file
        return 0 if file is None else file.waiting

    def _count(self, look_for_dead: bool) -> None:
        if look_for_dead:
            self._look_for_dead_at = time.monotonic() + self._claim_timeout
        self._do(EventFile.count, None, look_for_dead)

    def _settle(self, owner: int, ids: Sequence[int], need_retry: bool) -> None:
        self._unsettled.append((owner, ids, need_retry))
        self._settle_all()

    def _settle_all(self) -> None:
        """Settle what is to be. What cannot be written now, next time: it stays with this store."""
        while self._unsettled:
            settlement = self._unsettled.popleft()
            has_settled = False
            try:
                has_settled = self._access.do(_settle_in_file, False, settlement)
            finally:
                if not has_settled:
                    self._unsettled.appendleft(settlement)
            if not has_settled:
                return

    def _keys_of(self, events: PayloadDictList) -> list[int]:
        """Return under what events were given out; copies are known by their event ids."""
        if all(id(event) in self._given_out for event in events):
            return [id(event) for event in events]
        by_eid = {given.get("eid"): key for key, (given, *_) in self._given_out.items()}
        by_eid.pop(None, None)
        return [
            id(event) if id(event) in self._given_out else by_eid.get(event.get("eid"), 0)
            for event in events
        ]


def _in_flight(file: EventFile, /) -> int:
    file.count()
    return file.in_flight


def _settle_in_file(file: EventFile, settlement: tuple[int, Sequence[int], bool], /) -> bool:
    file.settle(*settlement)
    return True


def _full_path(path: str | os.PathLike[str]) -> Path:
    try:
        full = Path(path).resolve()
    except (TypeError, ValueError) as error:  # the latter for text that holds NUL
        raise ValueError(f"path is none that can be opened, {error}: {path!r}") from None
    if not full.parent.is_dir():
        raise ValueError(f"path is in a folder that does not exist: {full}")
    if full.is_dir():
        raise ValueError(f"path is a folder: {full}")
    return full


note_record_store(SQLiteEventStore)
