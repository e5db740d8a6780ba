"""The database of a durable store: its tables, and the transactions on them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from snowplow_tracker._native import RecordBatch
from snowplow_tracker._stores.sqlite.claims import DELETED, Claims, contiguous_runs
from snowplow_tracker._stores.sqlite.files import create_private, descriptors_of, protected

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from snowplow_tracker._stores.sqlite.liveness import OwnerLock

__all__ = ["LOG_BYTES", "ClaimedBatch", "EventDatabase", "ForeignFileError"]

APPLICATION_ID = 0x536E7770  # "Snwp"
VERSION = 1
LOG_BYTES = 2**22
_PAGE_BYTES = 4096
_LOG_PAGES = LOG_BYTES // _PAGE_BYTES
_POLL_SECONDS = 0.01
_UNKNOWN = -1

# `ranges` holds `Claims`. A claim of any number of events is one row of it, so that neither a claim
# nor a retry writes the rows of the events. With a column `owner` of `events` instead, claiming
# and deleting 500 events took 1.4 times the CPU time (records of 1,500 bytes: 1.6 times).
_TABLES = f"""
CREATE TABLE events (id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, record BLOB NOT NULL);
CREATE TABLE ranges (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, owner INTEGER NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""
_INSERT = "INSERT INTO events (created_ms, record) VALUES (?, ?)"
_ENDS = "SELECT (SELECT min(id) FROM events), (SELECT max(id) FROM events)"
# One statement, so that it reads one snapshot of both tables.
_ENDS_AND_RANGES = (
    "SELECT (SELECT min(id) FROM events), (SELECT max(id) FROM events), NULL"
    " UNION ALL SELECT first, last, owner FROM ranges"
)
_READ = "SELECT id, created_ms, record FROM events WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"

_detached: list[sqlite3.Connection] = []  # never closed: see `EventDatabase.detach_after_fork`


class ForeignFileError(ValueError):
    """The file belongs to another application, or to a later version of this one."""


class ClaimedBatch(NamedTuple):
    """Claimed events: the owner, their ids and their records."""

    owner: int
    ids: Sequence[int]
    batch: RecordBatch


class EventDatabase:
    """Events in the order of their ids, and which owner has claimed which of them.

    Args:
        path: Path of the file, which is created if necessary.
        owner_lock: The owner of this store's claims. It also tells which other owners live.
        busy_seconds: How long to wait while another process writes.

    Raises:
        sqlite3.Error: SQLite cannot open the file.

    Attributes:
        stored: How many events there are, including claimed ones.
        waiting: How many events are not claimed.
        in_flight: How many events this store has claimed.
    """

    def __init__(self, path: Path, owner_lock: OwnerLock, busy_seconds: float) -> None:
        self._path = path
        self._owner_lock = owner_lock
        _create_if_missing(path)
        self._connection = sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        self._cursor = self._connection.cursor()
        self._execute = self._cursor.execute
        self._descriptors: frozenset[int] = frozenset()
        self._data_version = _UNKNOWN
        self._newest = self.stored = self.waiting = self.in_flight = 0

    def initialize(self, max_bytes: int, synchronous: str, busy_seconds: float) -> None:
        """Set the file up and count its events. Call it once, before any other method.

        Args:
            max_bytes: The maximum size of the file.
            synchronous: SQLite's setting of that name.
            busy_seconds: How long to wait while another process writes.

        Raises:
            ForeignFileError: The file is not a store of this version.
            sqlite3.Error: SQLite cannot use the file.
        """
        is_new = self._is_new()
        self._enable_wal(time.monotonic() + busy_seconds)
        for pragma in (
            f"synchronous = {synchronous}",
            f"max_page_count = {max_bytes // _PAGE_BYTES}",
            f"wal_autocheckpoint = {_LOG_PAGES}",
            f"journal_size_limit = {LOG_BYTES}",
            "secure_delete = OFF",
        ):
            self._execute(f"PRAGMA {pragma}").fetchall()
        if is_new:
            self._create_tables()
        self.refresh_counts(release_dead=True)
        self._descriptors = descriptors_of(self._path)

    def __del__(self) -> None:
        if "_connection" in self.__dict__:
            self.close()

    def _is_new(self) -> bool:
        application, version = self._value("application_id"), self._value("user_version")
        if application == APPLICATION_ID and version <= VERSION:
            return False
        if application == APPLICATION_ID:
            raise ForeignFileError(f"path is a store of a later version, {version}: {self._path}")
        tables = self._execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application or version or tables:
            raise ForeignFileError(f"path is another application's database: {self._path}")
        return True

    def _value(self, pragma: str) -> int:
        return int(self._execute(f"PRAGMA {pragma}").fetchone()[0])

    def _enable_wal(self, deadline: float) -> None:
        self._execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        while not self._has_enabled_wal(deadline):
            time.sleep(_POLL_SECONDS)

    def _has_enabled_wal(self, deadline: float) -> bool:
        # The busy timeout does not apply: while another process uses the file, this fails at once.
        try:
            self._execute("PRAGMA journal_mode = WAL").fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= deadline:
                raise
            return False
        return True

    def _create_tables(self) -> None:
        with self._transaction():
            if self._is_new():  # another process may have created them since the first look
                for statement in _TABLES.split(";"):
                    self._execute(statement)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        try:
            self._execute("BEGIN IMMEDIATE")
            yield
            self._execute("COMMIT")
        except BaseException:
            self._data_version = _UNKNOWN  # the counts may include changes that are undone now
            self.roll_back()
            raise

    def roll_back(self) -> None:
        """Undo an unfinished transaction, such as one that a KeyboardInterrupt left open."""
        if self._connection.in_transaction:
            self._data_version = _UNKNOWN
            self._execute("ROLLBACK")

    def insert(self, record: bytes, created_ms: int) -> None:
        """Append an event."""
        newest = self._execute(_INSERT, (created_ms, record)).lastrowid or 0
        more = newest - self._newest
        if more > 0 and self._data_version != _UNKNOWN:
            # Ids are consecutive: those in between, if any, are events of other processes.
            self._newest = newest
            self.stored += more
            self.waiting += more
        else:  # the counts are outdated: SQLite starts again at id 1 after the last row is deleted
            self.refresh_counts()

    def refresh_counts(self, release_dead: bool = False) -> None:
        """Update the counts if another connection has changed the file.

        Args:
            release_dead: Whether to requeue events that owners had claimed that are dead.
        """
        # https://www.sqlite.org/pragma.html#pragma_data_version
        version = self._value("data_version")
        if version != self._data_version:
            self._set_counts(self._load())
            self._data_version = version
        if release_dead and any(not self._owner_lock.is_alive(each) for each in self._others):
            with self._transaction():
                claims = self._load()
                self._release_dead(claims)
                self._save(claims)

    def claim(self, max_events: int, max_bytes: int) -> ClaimedBatch | None:
        """Claim the oldest waiting events that fit into one request body, at least one."""
        with self._transaction():
            claims = self._load()
            self._release_dead(claims)
            claimed = None
            while claimed is None and (run := claims.first_free(self._oldest, self._newest)):
                claimed = self._read(*run, max_events, max_bytes)
                found = claimed.ids[0] if claimed else run[1] + 1
                if found > run[0]:  # somebody has deleted events by hand
                    claims.add(run[0], found - 1, DELETED)
            if claimed is not None:
                claims.add(claimed.ids[0], claimed.ids[-1], self._owner_lock.owner)
            self._save(claims)
        return claimed

    def finish(self, owner: int, ids: Iterable[int], requeue: bool) -> None:
        """Delete claimed events, or requeue them in their original position.

        Claims of another owner are left alone: in a forked child, those of its parent.
        """
        if owner != self._owner_lock.owner:
            return
        with self._transaction():
            claims = self._load()
            for run in contiguous_runs(ids):
                for first, last in claims.remove(*run, owner):
                    if not requeue:
                        self._execute("DELETE FROM events WHERE id BETWEEN ? AND ?", (first, last))
                        claims.add(first, last, DELETED)
            self._save(claims)

    def oldest_ms(self) -> int | None:
        """Return when the oldest waiting event was created, in milliseconds since 1970."""
        run = self._load().first_free(self._oldest, self._newest)
        row = run and self._execute(_READ, (*run, 1)).fetchone()
        return int(row[1]) if row else None

    def checkpoint(self) -> bool:
        """Copy the write-ahead log into the file, as far as no reader needs the file as it is.

        See https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files

        Returns:
            Whether all of it was copied, so that the next write starts the log again.

        Raises:
            sqlite3.OperationalError: The file cannot grow.
        """
        _, logged, copied = self._execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return bool(logged == copied)

    def shrink(self) -> None:
        """Return the space of a file without events to the disk."""
        self.refresh_counts()
        if not self.stored and self._value("freelist_count"):
            self._execute("VACUUM")

    def set_busy_timeout(self, seconds: float) -> None:
        """Set how long to wait while another process writes."""
        self._execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}").fetchall()

    def close(self) -> None:
        """Close the file. Claimed events stay claimed for as long as their owner lives."""
        self._connection.close()

    def has_lost_descriptors(self) -> bool:
        """Return whether the program has closed descriptors of the file, as far as is known."""
        return not self._descriptors <= descriptors_of(self._path)

    def close_lost(self) -> None:
        """Close the file whose descriptors the program has closed, as daemons do."""
        with protected(self._path, self._descriptors):
            self._connection.close()

    def detach_after_fork(self) -> None:
        """Never touch a connection again that was open during a fork. It is the parent's.

        SQLite forbids even to close it:
        https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_
        """
        _detached.append(self._connection)
        self._connection = sqlite3.connect(":memory:")
        self._execute = self._connection.execute
        self._connection.close()

    def _load(self) -> Claims:
        ends, *ranges = self._execute(_ENDS_AND_RANGES).fetchall()
        self._set_ends(*ends[:2])
        self._loaded = Claims(ranges)
        return Claims(ranges)

    def _set_ends(self, oldest: int | None, newest: int | None) -> None:
        self._oldest, self._newest = oldest or 1, newest or 0

    def _save(self, claims: Claims) -> None:
        self._set_ends(*self._execute(_ENDS).fetchone())
        claims.trim(self._oldest, self._newest)
        if claims != self._loaded:
            self._execute("DELETE FROM ranges")
            for each in claims:
                self._execute("INSERT INTO ranges VALUES (?, ?, ?)", each)
        self._set_counts(claims)

    def _set_counts(self, claims: Claims) -> None:
        self._others = claims.owners() - {self._owner_lock.owner}
        self.stored = self._newest - self._oldest + 1 - claims.total(DELETED)
        self.in_flight = claims.total(self._owner_lock.owner)
        self.waiting = self.stored - self.in_flight - claims.total(*self._others)

    def _release_dead(self, claims: Claims) -> None:
        owners = claims.owners() - {self._owner_lock.owner}
        claims.release(owner for owner in owners if not self._owner_lock.is_alive(owner))

    def _read(self, first: int, last: int, max_events: int, max_bytes: int) -> ClaimedBatch | None:
        ids: list[int] = []
        records, size = [], 0
        rows = self._connection.execute(_READ, (first, last, max_events))
        for event_id, created_ms, record in rows:
            if ids and event_id != ids[-1] + 1:
                break
            ids.append(event_id)
            records.append((record, created_ms))
            size += len(record)
            if size > max_bytes:
                break
        rows.close()
        if not records:
            return None
        batch = RecordBatch.of(records, max_bytes)
        return ClaimedBatch(self._owner_lock.owner, ids[: len(batch)], batch)


def _create_if_missing(path: Path) -> None:
    with contextlib.suppress(OSError):  # SQLite raises an error that says what is wrong
        if not path.exists():
            os.close(create_private(path))
