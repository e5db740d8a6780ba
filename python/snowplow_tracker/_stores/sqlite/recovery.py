"""A connection to a store's database that survives errors: it waits, reopens or starts anew."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from snowplow_tracker._loggers import find_logger
from snowplow_tracker._logging import RateLimitedLogger, log_unlocked
from snowplow_tracker._signals import current_exception, reraise_if_by_handler
from snowplow_tracker._stores.sqlite.database import LOG_BYTES, EventDatabase, ForeignFileError
from snowplow_tracker._stores.sqlite.files import identity_of
from snowplow_tracker._stores.sqlite.liveness import OwnerLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVarTuple, Unpack

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")

__all__ = ["BUSY_SECONDS", "RecoveringConnection"]

logger = find_logger("snowplow_tracker.sqlite_event_store")

BUSY_SECONDS = 5.0
# New events are refused before the disk is full: sending stored events has to write to the file.
_RESERVED_BYTES = 8 * 2**20
_LONG_LOG_BYTES = LOG_BYTES * 5 // 4
_CHECK_SECONDS = 0.02
_REOPEN_SECONDS = 1.0
_FAILURES = (sqlite3.Error, OSError, ForeignFileError)

_DISK_FULL = "the disk is nearly full, the rest is reserved for sending"
_LOG_FULL = (
    "another program has kept reading the file, so its write-ahead log cannot be shortened and"
    " has reached max_bytes"
)


class RecoveringConnection:
    """Keeps a store's database open. Its methods must be called by one thread at a time.

    Args:
        path: Path of the file.
        max_bytes: The maximum size of the file.
        synchronous: SQLite's setting of that name.

    Attributes:
        database: The database while it is open, else None.
        refusal: Why new events are refused: the rest of the disk is reserved for sending. None
            if they are not.
        has_failed: True if the last operation failed.
        error_log: Logs errors that may repeat.
    """

    def __init__(self, path: Path, max_bytes: int, synchronous: str) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._synchronous = synchronous
        self.error_log = RateLimitedLogger(logger)
        self.reset()

    def reset(self) -> None:
        """Start without a database and as a new owner, as in a forked child."""
        self.database: EventDatabase | None = None
        self._owner_lock: OwnerLock | None = None
        self._identity: tuple[int, int] | None = None
        self._busy_seconds = BUSY_SECONDS
        self._next_check_at = self._next_open_at = 0.0
        self._open_failure: Exception | None = None
        self._is_released = self.has_failed = False
        self.refusal: str | None = None

    def open_or_log(self) -> None:
        """Open the database. A failure is logged, and opening is tried again later.

        Raises:
            ForeignFileError: The file is not a store of this version.
        """
        try:
            self.current()
        except (sqlite3.Error, OSError):
            self.attempt(EventDatabase.refresh_counts, None)

    def attempt(
        self,
        operation: Callable[[EventDatabase, Unpack[Ts]], T],
        default: T,
        *args: Unpack[Ts],
    ) -> T:
        """Run an operation on the database. A failure is logged, and the default returned."""
        before = current_exception()
        try:
            result = operation(self.current(), *args)
        except _FAILURES as error:
            reraise_if_by_handler(error, before)
            if not self._quarantine_damaged(error) and not self._let_go_of_lost():
                self._log_failure(error)
                return default
        else:
            self.has_failed = False
            if self._busy_seconds == 0:
                self._set_busy_timeout(BUSY_SECONDS)
            return result
        try:
            return operation(self.current(), *args)
        except _FAILURES as error:
            reraise_if_by_handler(error, before)
            self._log_failure(error)
            return default

    def current(self) -> EventDatabase:
        """Return the database at the path, opened if necessary.

        Raises:
            sqlite3.Error, OSError, ForeignFileError: It cannot be opened.
        """
        now = time.monotonic()
        if self.database is not None:
            if self._has_lost_lock_file():
                self._let_go_of_lost()
            else:
                self.database.roll_back()
                if now >= self._next_check_at:
                    self._check(now)
        return self.database or self._open(now)

    def _check(self, now: float) -> None:
        self._next_check_at = now + _CHECK_SECONDS
        self._check_identity()
        self.refusal = _DISK_FULL if self._is_disk_nearly_full() else self._log_problem()

    def _has_lost_lock_file(self) -> bool:
        return self._owner_lock is not None and self._owner_lock.is_lost()

    def _let_go_of_lost(self) -> bool:
        """Close the database if the program has closed its descriptors. Returns whether it had."""
        database = self.database
        if database is None:
            return False
        if not self._has_lost_lock_file() and not database.has_lost_descriptors():
            return False
        message = "The program has closed the store's descriptors, opening it again: %s"
        log_unlocked(logger.info, message, self._path)
        self.database = None
        database.close_lost()
        return True

    def close(self) -> None:
        """Close the database until it is needed again. Claimed events stay claimed."""
        if self.database is not None:
            self.database.close()
            self.database = None

    def release(self) -> None:
        """Close the files of the store until they are needed again."""
        if self.database is not None:
            has_claims = self.database.in_flight > 0
            self.close()
            if not has_claims:
                self._owner_lock = None
            self._is_released = True

    def is_gone(self) -> bool:
        """Return whether the file was deleted after `release`: nothing needs to look for it."""
        return self.database is None and self._is_released and not self._path.exists()

    def detach_after_fork(self) -> None:
        """Give up in a child that was forked while the database was open.

        From then on SQLite's record of this process's locks on the file is wrong.
        """
        if self.database is not None:
            self.database.detach_after_fork()
        self.reset()
        self._open_failure = sqlite3.OperationalError(
            "the process was forked while the database was open"
        )
        self._next_open_at = math.inf

    def _check_identity(self) -> None:
        """Let go of a file that is no longer the one at the path.

        Another process may have renamed it because it is damaged. Nobody would look for events
        that were written to it from then on, and SQLite warns of using both files at once:
        https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
        """
        if self._identity != identity_of(self._path):
            message = "The store was moved or deleted, starting a new one: %s"
            log_unlocked(logger.warning, message, self._path)
            self._forget_database()

    def _open(self, now: float) -> EventDatabase:
        if self._open_failure is not None and now < self._next_open_at:
            # Each `raise` of the same exception would extend its traceback.
            raise self._open_failure.with_traceback(None)
        self._next_open_at = now + _REOPEN_SECONDS
        try:
            if self._owner_lock is None:
                self._owner_lock = OwnerLock(f"{self._path}-lock")
            elif self._owner_lock.is_lost():
                self._owner_lock.reopen()
            with self._owner_lock.exclusive(self._busy_seconds):
                self._identity = identity_of(self._path)
                self.database = EventDatabase(self._path, self._owner_lock, self._busy_seconds)
                self._initialize(self.database)
                self._identity = identity_of(self._path)
        except _FAILURES as error:
            self._open_failure = error
            raise
        self._open_failure = None
        self._is_released = False
        return self.database

    def _initialize(self, database: EventDatabase) -> None:
        try:
            database.initialize(self._max_bytes, self._synchronous, self._busy_seconds)
        except BaseException as error:
            if not _is_damage(error):  # closing a damaged database would delete its log
                self.close()
            raise

    def _forget_database(self) -> None:
        """Close the database and drop its owner: its claims do not apply to the next file."""
        self.close()
        self._owner_lock = self._open_failure = None

    def _quarantine_damaged(self, error: Exception) -> bool:
        """Rename a damaged file, unless another process did. Returns whether to try again."""
        if not _is_damage(error) or self._owner_lock is None:
            return False
        with self._owner_lock.exclusive(BUSY_SECONDS) as is_exclusive:
            try:
                if is_exclusive and self._identity == identity_of(self._path):
                    if os.name == "nt":  # Windows does not rename open files
                        self.close()
                    self._rename(error)
            except OSError as failure:
                self._log_failure(failure)
                return False
            finally:
                self.close()
        self._forget_database()
        return True

    def _rename(self, error: Exception) -> None:
        names = (f"{self._path}.damaged-{number}" for number in itertools.count(1))
        name = next(name for name in names if not Path(name).exists())
        # The database comes last: a new one must never be next to an old log, see
        # https://www.sqlite.org/howtocorrupt.html#_mispairing_database_files_and_hot_journals
        for suffix in ("-wal", "-shm", ""):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self._path}{suffix}").replace(name + suffix)
        message = "The store is damaged (%s). It was renamed to %s, starting a new one"
        log_unlocked(logger.warning, message, error, name)

    def _log_failure(self, error: Exception) -> None:
        self.has_failed = True
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            # Do not wait again until an operation succeeds: else each event would wait.
            self._set_busy_timeout(0)
        reason = str(error).replace("%", "%%")
        self.error_log.error(f"The store cannot be used, {reason}: %s", self._path)

    def _set_busy_timeout(self, seconds: float) -> None:
        self._busy_seconds = seconds
        if self.database is not None:
            self.database.set_busy_timeout(seconds)

    def _is_disk_nearly_full(self) -> bool:
        if sys.platform == "win32":
            return False
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize < min(_RESERVED_BYTES, self._max_bytes)

    def _log_problem(self) -> str | None:
        """Return why new events have to be refused because the write-ahead log is too long.

        If the log cannot be copied into the file, the file cannot grow: quotas and limits of the
        process appear like this, but not in statvfs. If a reader needs the file as it is, the log
        grows with each event until the reader ends: file and log together may reach `max_bytes`.
        """
        try:
            log_bytes = Path(f"{self._path}-wal").stat().st_size
        except FileNotFoundError:
            return None
        if log_bytes <= _LONG_LOG_BYTES or self.database is None:
            return None
        try:
            self.database.shrink()
            if self.database.checkpoint():
                return None
        except sqlite3.OperationalError:
            return _DISK_FULL
        total = self._path.stat().st_size + log_bytes
        return _LOG_FULL if total > self._max_bytes + _LONG_LOG_BYTES else None


def _is_damage(error: BaseException) -> bool:
    """Return whether SQLite found a file damaged.

    SQLITE_CORRUPT and SQLITE_NOTADB raise `DatabaseError` itself, the other codes that occur here
    a subclass of it: see `get_exception_class` in CPython's Modules/_sqlite/util.c.
    """
    return type(error) is sqlite3.DatabaseError
