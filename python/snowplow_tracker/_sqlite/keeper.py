"""What an error of the database means: wait, try anew, or set the file aside. Nothing raises."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from snowplow_tracker._log_limit import OncePerMinute, after_locks
from snowplow_tracker._sqlite.event_file import LOG_BYTES, EventFile, ForeignFileError, identity_of
from snowplow_tracker._sqlite.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVarTuple, Unpack

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")

__all__ = ["BUSY_SECONDS", "Keeper"]

logger = logging.getLogger("snowplow_tracker.sqlite_event_store")

BUSY_SECONDS = 5.0
# So much of the disk stays free: what is stored can only be sent while the file can be written.
_FREE_BYTES = 8 * 2**20
_LONG_LOG_BYTES = LOG_BYTES * 5 // 4
_LOOK_SECONDS = 0.02
_REOPEN_SECONDS = 1.0
_FAILURES = (sqlite3.Error, OSError, ForeignFileError)


class Keeper:
    """Keeps a file of events open for one store; its methods are called by a thread at a time.

    Args:
        path: Of the file.
        max_bytes: The most that it grows to.
        synchronous: SQLite's setting of that name.

    Attributes:
        file: The file, while it is open.
        is_disk_full: Whether the last of the disk has to be left for sending.
        has_failed: Whether the last thing that was done with the file failed.
        mishaps: Where to log what may come again and again.
    """

    def __init__(self, path: Path, max_bytes: int, synchronous: str) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._synchronous = synchronous
        self.mishaps = OncePerMinute(logger)
        self.start_anew()

    def start_anew(self) -> None:
        """Begin without a file and under another name, as in a forked child."""
        self.file: EventFile | None = None
        self._presence: Presence | None = None
        self._identity: tuple[int, int] | None = None
        self._busy_seconds = BUSY_SECONDS
        self._look_at = self._open_at = 0.0
        self._failure: Exception | None = None
        self.is_disk_full = self.has_failed = False

    def open_first(self) -> None:
        """Open the file. What fails is logged, and tried again later.

        Raises:
            ForeignFileError: The file is not this package's.
        """
        try:
            self.current()
        except ForeignFileError:
            raise
        except (sqlite3.Error, OSError):
            self.attempt(EventFile.count, None)

    def attempt(
        self,
        operation: Callable[[EventFile, Unpack[Ts]], T],
        otherwise: T,
        *args: Unpack[Ts],
    ) -> T:
        """Do something with the file. What fails is logged, and `otherwise` returned."""
        try:
            result = operation(self.current(), *args)
        except _FAILURES as error:
            if not self._set_aside(error):
                self._note(error)
                return otherwise
        else:
            self.has_failed = False
            if self._busy_seconds == 0:
                self._wait_for_lock(BUSY_SECONDS)
            return result
        try:
            return operation(self.current(), *args)
        except _FAILURES as error:
            self._note(error)
            return otherwise

    def current(self) -> EventFile:
        """Return the file, opened anew where it is no longer the one at the path.

        Raises:
            sqlite3.Error, OSError, ForeignFileError: It cannot be opened.
        """
        now = time.monotonic()
        if self.file is not None:
            self.file.roll_back()
        if self.file is not None and now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            if self._identity != identity_of(self._path):
                message = "The store was moved or deleted, a new one begins: %s"
                after_locks.log(logger.warning, message, self._path)
                self._leave()
            self.is_disk_full = self._is_disk_full()
        return self.file or self._open(now)

    def close(self) -> None:
        """Close the file until it is needed; what this store has taken stays taken."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def abandon(self) -> None:
        """Do without a file that is the parent's, and open it no more: its locks are confused."""
        if self.file is not None:
            self.file.abandon()
        self.start_anew()
        self._failure = sqlite3.OperationalError("the process was forked in the midst of a write")
        self._open_at = math.inf

    def _open(self, now: float) -> EventFile:
        if self._failure is not None and now < self._open_at:
            raise self._failure.with_traceback(None)  # which else grows with each time
        self._open_at = now + _REOPEN_SECONDS
        try:
            if self._presence is None:
                self._presence = Presence(f"{self._path}-lock")
            with self._presence.alone(self._busy_seconds):
                self._identity = identity_of(self._path)
                self.file = EventFile(self._path, self._presence, self._busy_seconds)
                self._begin(self.file)
                self._identity = identity_of(self._path)
        except _FAILURES as error:
            self._failure = error
            raise
        self._failure = None
        return self.file

    def _begin(self, file: EventFile) -> None:
        try:
            file.begin(self._max_bytes, self._synchronous, self._busy_seconds)
        except BaseException as error:
            if not _is_damage(error):  # closing a damaged file would delete its log
                self.close()
            raise

    def _leave(self) -> None:
        """Have done with this file. What was taken from it is not in the next one."""
        self.close()
        self._presence = self._failure = None

    def _set_aside(self, error: Exception) -> bool:
        """Rename a damaged file, unless another process just did. Returns whether to go on."""
        if not _is_damage(error) or self._presence is None:
            return False
        with self._presence.alone(BUSY_SECONDS) as is_alone:
            try:
                if is_alone and self._identity == identity_of(self._path):
                    if os.name == "nt":  # where what is open has its name for good
                        self.close()
                    self._rename(error)
            except OSError as failure:
                self._note(failure)
                return False
            finally:
                self.close()
        self._leave()
        return True

    def _rename(self, error: Exception) -> None:
        names = (f"{self._path}.damaged-{number}" for number in itertools.count(1))
        name = next(name for name in names if not Path(name).exists())
        for suffix in ("-wal", "-shm", ""):  # a new file must not come to stand beside an old log
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self._path}{suffix}").replace(name + suffix)
        message = "The store is damaged (%s). It is now %s, a new one begins"
        after_locks.log(logger.warning, message, error, name)

    def _note(self, error: Exception) -> None:
        self.has_failed = True
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            self._wait_for_lock(0)  # until it was to be had once: a program waits once, not always
        reason = str(error).replace("%", "%%")
        self.mishaps.error(f"The store cannot be used, {reason}: %s", self._path)

    def _wait_for_lock(self, seconds: float) -> None:
        self._busy_seconds = seconds
        if self.file is not None:
            self.file.wait_for_lock(seconds)

    def _is_disk_full(self) -> bool:
        if sys.platform != "win32":
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < min(_FREE_BYTES, self._max_bytes):
                return True
        # A quota or a process's limit does not show there: the log grows, since the file cannot.
        with contextlib.suppress(FileNotFoundError):
            is_long = Path(f"{self._path}-wal").stat().st_size > _LONG_LOG_BYTES
            return is_long and self.file is not None and not self.file.has_emptied_log()
        return False


def _is_damage(error: BaseException) -> bool:
    """Whether SQLite found a file damaged: every other failure has a class of its own."""
    return type(error) is sqlite3.DatabaseError
