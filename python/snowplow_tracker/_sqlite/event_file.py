"""The database of a durable store: its tables, and what is done with them in one transaction."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from snowplow_tracker._native import RecordBatch
from snowplow_tracker._sqlite.ranges import GONE, Ranges, runs_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from snowplow_tracker._sqlite.presence import Presence

__all__ = ["LOG_BYTES", "EventFile", "ForeignFileError", "Taken", "identity_of"]

APPLICATION_ID = 0x536E7770  # "Snwp"
VERSION = 1
LOG_BYTES = 2**22
_PAGE_BYTES = 4096
_LOG_PAGES = LOG_BYTES // _PAGE_BYTES
_UNKNOWN = -1

_TABLES = f"""
CREATE TABLE events (id INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, record BLOB NOT NULL);
CREATE TABLE ranges (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, owner INTEGER NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""
_INSERT = "INSERT INTO events (created_ms, record) VALUES (?, ?)"
_ENDS = "SELECT (SELECT min(id) FROM events), (SELECT max(id) FROM events)"
# One statement, so that all is of one moment.
_ENDS_AND_RANGES = (
    "SELECT (SELECT min(id) FROM events), (SELECT max(id) FROM events), NULL"
    " UNION ALL SELECT first, last, owner FROM ranges"
)
_READ = "SELECT id, created_ms, record FROM events WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"

_abandoned: list[sqlite3.Connection] = []  # never closed: they are a parent's


class ForeignFileError(ValueError):
    """The file belongs to another application, or to a later version of this one."""


class Taken(NamedTuple):
    """Events that were taken: by whom, their ids and records."""

    owner: int
    ids: Sequence[int]
    batch: RecordBatch


class EventFile:
    """The events in the order of their ids, and who has taken which.

    Args:
        path: Of the file; made where it does not exist.
        max_bytes: The most that it grows to.
        synchronous: SQLite's setting of that name.
        busy_seconds: How long to wait while another process writes.
        presence: Who takes events here, and who else lives.

    Raises:
        ForeignFileError: The file is not this package's.
        sqlite3.Error: SQLite cannot use it.
        OSError: The system does not let it be looked at.

    Attributes:
        stored: How many events there are, those that are taken included.
        waiting: How many are not taken.
        in_flight: How many this store has taken.
    """

    def __init__(self, path: Path, presence: Presence, busy_seconds: float) -> None:
        self._path = path
        self._presence = presence
        self._connection = sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        self._cursor = self._connection.cursor()
        self._execute = self._cursor.execute
        self._data_version = _UNKNOWN
        self._newest = self.stored = self.waiting = self.in_flight = 0

    def begin(self, max_bytes: int, synchronous: str, busy_seconds: float) -> None:
        """Make the file what it has to be: to be called first, once."""
        self._set_up(synchronous, max_bytes, time.monotonic() + busy_seconds)
        self.count(look_for_dead=True)

    def __del__(self) -> None:
        if "_connection" in self.__dict__:
            self.close()

    def _set_up(self, synchronous: str, max_bytes: int, deadline: float) -> None:
        is_new = self._is_new()
        self._start_log(deadline)
        for pragma in (
            f"synchronous = {synchronous}",
            f"max_page_count = {max_bytes // _PAGE_BYTES}",
            f"wal_autocheckpoint = {_LOG_PAGES}",
            f"journal_size_limit = {LOG_BYTES}",
            "secure_delete = OFF",
        ):
            self._execute(f"PRAGMA {pragma}").fetchall()
        if is_new:
            with self._transaction():
                if self._is_new():  # still, now that no other process can make the tables
                    for statement in _TABLES.split(";"):
                        self._execute(statement)

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

    def _start_log(self, deadline: float) -> None:
        """Switch to a write-ahead log. SQLite itself does not wait for others there."""
        self._execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        while not self._has_started_log(deadline):
            time.sleep(0.01)

    def _has_started_log(self, deadline: float) -> bool:
        try:
            self._execute("PRAGMA journal_mode = WAL").fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= deadline:
                raise
            return False
        return True

    @contextmanager
    def _transaction(self) -> Generator[None]:
        try:
            self._execute("BEGIN IMMEDIATE")
            yield
            self._execute("COMMIT")
        except BaseException:
            self._data_version = _UNKNOWN  # what was noted meanwhile has not come to be
            self.roll_back()
            raise

    def roll_back(self) -> None:
        """Undo a transaction that has not come to its end, also one that Ctrl-C has left open."""
        if self._connection.in_transaction:
            self._data_version = _UNKNOWN
            self._execute("ROLLBACK")

    def insert(self, record: bytes, created_ms: int) -> None:
        """Append an event."""
        newest = self._execute(_INSERT, (created_ms, record)).lastrowid or 0
        more = newest - self._newest
        if more > 0 and self._data_version != _UNKNOWN:
            # Those between, if any, are other processes'.
            self._newest = newest
            self.stored += more
            self.waiting += more
        else:  # what this store knew is no longer so; ids may have begun anew
            self.count()

    def count(self, look_for_dead: bool = False) -> None:
        """Bring the counts up to date where another process has changed the file.

        Args:
            look_for_dead: Whether to give back what those have taken who live no longer.
        """
        version = self._value("data_version")
        if version != self._data_version:
            self._note(self._load())
            self._data_version = version
        if look_for_dead and any(not self._presence.is_alive(owner) for owner in self._others):
            with self._transaction():
                ranges = self._load()
                self._release_dead(ranges)
                self._save(ranges)

    def take(self, max_events: int, max_bytes: int) -> Taken | None:
        """Take the oldest events that nobody has, as many as fit a request body, at least one."""
        with self._transaction():
            ranges = self._load()
            self._release_dead(ranges)
            taken = None
            while taken is None and (run := ranges.first_free(self._oldest, self._newest)):
                taken = self._read(*run, max_events, max_bytes)
                found = taken.ids[0] if taken else run[1] + 1
                if found > run[0]:  # somebody has deleted events by hand
                    ranges.add(run[0], found - 1, GONE)
            if taken is not None:
                ranges.add(taken.ids[0], taken.ids[-1], self._presence.owner)
            self._save(ranges)
        return taken

    def settle(self, owner: int, ids: Iterable[int], need_retry: bool) -> None:
        """Forget events that were taken, or have them wait again, in their old place.

        It does nothing for another owner's: those of the parent after a fork, say.
        """
        if owner != self._presence.owner:
            return
        with self._transaction():
            ranges = self._load()
            for run in runs_of(ids):
                for first, last in ranges.remove(*run, owner):
                    if not need_retry:
                        self._execute("DELETE FROM events WHERE id BETWEEN ? AND ?", (first, last))
                        ranges.add(first, last, GONE)
            self._save(ranges)

    def oldest_ms(self) -> int | None:
        """Return when the oldest waiting event was created, in milliseconds since 1970."""
        run = self._load().first_free(self._oldest, self._newest)
        row = run and self._execute(_READ, (*run, 1)).fetchone()
        return int(row[1]) if row else None

    def has_emptied_log(self) -> bool:
        """Copy what the write-ahead log holds into the file; False where that fails."""
        try:
            self.count()
            if not self.stored:  # then the file need not be so long
                self._execute("VACUUM")
            self._execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.OperationalError:
            return False
        return True

    def wait_for_lock(self, seconds: float) -> None:
        """Set how long to wait while another process writes."""
        self._execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}").fetchall()

    def close(self) -> None:
        """Close the file. What was taken stays taken while the presence lives."""
        self._connection.close()

    def abandon(self) -> None:
        """Leave the file alone from here on, in a forked child whose parent has it open."""
        _abandoned.append(self._connection)
        self._connection = sqlite3.connect(":memory:")
        self._execute = self._connection.execute
        self._connection.close()

    def _load(self) -> Ranges:
        ends, *ranges = self._execute(_ENDS_AND_RANGES).fetchall()
        self._note_ends(*ends[:2])
        self._loaded = Ranges(ranges)
        return Ranges(ranges)

    def _note_ends(self, oldest: int | None, newest: int | None) -> None:
        self._oldest, self._newest = oldest or 1, newest or 0

    def _save(self, ranges: Ranges) -> None:
        self._note_ends(*self._execute(_ENDS).fetchone())
        ranges.trim(self._oldest, self._newest)
        if ranges != self._loaded:
            self._execute("DELETE FROM ranges")
            for each in ranges:
                self._execute("INSERT INTO ranges VALUES (?, ?, ?)", each)
        self._note(ranges)

    def _note(self, ranges: Ranges) -> None:
        self._others = ranges.owners() - {self._presence.owner}
        self.stored = self._newest - self._oldest + 1 - ranges.total(GONE)
        self.in_flight = ranges.total(self._presence.owner)
        self.waiting = self.stored - self.in_flight - ranges.total(*self._others)

    def _release_dead(self, ranges: Ranges) -> None:
        owners = ranges.owners() - {self._presence.owner}
        ranges.release(owner for owner in owners if not self._presence.is_alive(owner))

    def _read(self, first: int, last: int, max_events: int, max_bytes: int) -> Taken | None:
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
        return Taken(self._presence.owner, ids[: len(batch)], batch)


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return which file lies at a path; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
