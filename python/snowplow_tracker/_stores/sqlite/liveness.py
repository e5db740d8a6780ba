"""Tells which stores are alive: each locks one byte of a file for as long as it lives.

The operating system releases the lock at once when the process ends, in whatever way. So no clock
decides whether an owner is dead, and no process id: those are reused, and differ in containers.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from snowplow_tracker._locks import new_lock, sections
from snowplow_tracker._stores.sqlite.files import create_private, identity_of
from snowplow_tracker._stores.sqlite.locks import try_lock, unlock

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["OwnerLock", "reset_after_fork"]

_EXCLUSIVE_BYTE = 0
_POLL_SECONDS = 0.01
_RELOCK_SECONDS = 1.0


class _LockFile:
    """A lock file, open once in this process for all of its stores.

    Attributes:
        descriptor: Its descriptor; -1 after it was closed.
        identity: Its device and inode.
        pid: The process that opened it.
        owners: The owners in this process. It may lock a byte twice, so the locks themselves do
            not show that an owner is another store of the same process.
    """

    def __init__(self, path: Path) -> None:
        self.descriptor = create_private(path, like=path.with_name(path.name[: -len("-lock")]))
        status = os.fstat(self.descriptor)
        self.identity = status.st_dev, status.st_ino
        self._mark = os.lseek(self.descriptor, _random_number(), os.SEEK_SET)
        self.pid = os.getpid()
        self.owners: set[int] = set()

    def is_lost(self) -> bool:
        """Return whether the program has closed the descriptor, as daemons do.

        The descriptor may be another file's by now, which has another position. To ask for that
        takes a third of the time of `os.fstat`, which matters since each operation asks.
        """
        if sys.platform == "win32":  # where locking changes the position
            return False
        try:
            return os.lseek(self.descriptor, 0, os.SEEK_CUR) != self._mark
        except OSError:
            return True

    def close(self) -> None:
        """Close the file, unless its descriptor belongs to another file by now."""
        self.forget()
        if not self.is_lost():
            os.close(self.descriptor)
        self.descriptor = -1

    def forget(self) -> None:
        """Have stores that are opened from now on open the file anew."""
        if _files.get(self.identity) is self:
            del _files[self.identity]


# Closing a descriptor may release all locks that the process has on the file: fcntl(2), "Record
# locks", and
# https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
# So each file is open once, and is closed after the last of its stores.
_files: dict[tuple[int, int], _LockFile] = {}
_lock, _exclusive_lock = new_lock("owners"), new_lock("opening")


class OwnerLock:
    """The number by which a store claims events, valid for as long as the store lives.

    Args:
        path: Path of the lock file, which is created if necessary. It ends in "-lock".

    Raises:
        OSError: The file cannot be opened or locked.

    Attributes:
        owner: The number, greater than 0.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        with _lock:
            while not self._acquire(_random_number()):
                pass

    def _acquire(self, owner: int) -> bool:
        file = _file_at(self._path)
        if owner in file.owners:
            return False
        file.owners.add(owner)  # first: a finalizer may release the last other owner at any time
        is_locked = False
        try:
            is_locked = file.descriptor >= 0 and try_lock(file.descriptor, owner)
        finally:
            if not is_locked:
                file.owners.discard(owner)
                if not file.owners:
                    file.close()
        self._file, self.owner = file, owner
        return is_locked

    def is_lost(self) -> bool:
        """Return whether the program has closed the descriptor of the lock file."""
        return self._file.is_lost()

    def reopen(self) -> None:
        """Open and lock the file anew after it was lost, as the same owner if possible.

        Raises:
            OSError: The file cannot be opened or locked.
        """
        with _lock:
            self._file.owners.discard(self.owner)
            self._file.forget()
            # Another process may hold the lock for a moment, to see whether this owner is alive.
            deadline = time.monotonic() + _RELOCK_SECONDS
            while not self._acquire(self.owner):
                if time.monotonic() >= deadline:
                    self.owner = _random_number()
                time.sleep(_POLL_SECONDS)

    def is_alive(self, owner: int) -> bool:
        """Return whether the store with this number lives, in any process."""
        with _lock:
            file = self._file
            if owner in file.owners or not try_lock(file.descriptor, owner):
                return True
            unlock(file.descriptor, owner)
            return False

    @contextlib.contextmanager
    def exclusive(self, seconds: float) -> Generator[bool]:
        """Keep all other stores of this file out of such blocks.

        Args:
            seconds: The maximum time to wait for another process.

        Yields:
            False if another process is still in such a block.
        """
        deadline = time.monotonic() + seconds
        with _exclusive_lock:
            descriptor = self._file.descriptor
            while not (is_locked := try_lock(descriptor, _EXCLUSIVE_BYTE)):
                if time.monotonic() >= deadline:
                    break
                time.sleep(_POLL_SECONDS)
            try:
                yield is_locked
            finally:
                if is_locked:
                    unlock(descriptor, _EXCLUSIVE_BYTE)

    def __del__(self) -> None:
        # At the end of the interpreter, the system releases the lock, and green locks work no more.
        if "owner" not in self.__dict__ or sys.is_finalizing():
            return
        if sections.is_in_short():
            sections.defer(self.release)
        else:
            self.release()

    def release(self) -> None:
        """Give the number up, and close the file after the last of its owners.

        In a forked child this does nothing: the number is the parent's.
        """
        file = self._file
        with sections, sections.store(), _lock, contextlib.suppress(KeyError, OSError):
            file.owners.remove(self.owner)
            if file.pid == os.getpid() and not file.is_lost():
                unlock(file.descriptor, self.owner)
            if not file.owners:
                file.close()


def reset_after_fork() -> None:
    """Start a forked child without owners, and without its parent's descriptors.

    Locks of an open file description last until all of its descriptors are closed: the parent's
    would outlive it in the child.
    """
    global _lock, _exclusive_lock  # another thread of the parent may have held them
    _lock, _exclusive_lock = new_lock("owners"), new_lock("opening")
    for file in list(_files.values()):
        file.owners.clear()
        file.close()


def _file_at(path: Path) -> _LockFile:
    """Return the lock file at a path, where other stores open it, too."""
    identity = identity_of(path)
    file = None if identity is None else _files.get(identity)
    if file is None or file.is_lost():
        file = _LockFile(path)
        _files[file.identity] = file
    return file


def _random_number() -> int:
    return int.from_bytes(os.urandom(4), "big") >> 2 | 1 << 30
