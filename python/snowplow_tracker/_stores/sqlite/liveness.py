"""Tells which stores are alive: each locks one byte of a file for as long as it lives.

The operating system releases the lock at once when the process ends, in whatever way. So no clock
decides whether an owner is dead, and no process id: those are reused, and differ in containers.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["OwnerLock", "reset_after_fork"]

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int, byte: int) -> bool:
        os.lseek(file, byte, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: int, byte: int) -> None:
        os.lseek(file, byte, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: int, byte: int) -> bool:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock(file: int, byte: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, byte)


_EXCLUSIVE_BYTE = 0
_POLL_SECONDS = 0.01

# One descriptor for each lock file in this process, never closed. Closing any descriptor of a file
# releases all locks that the process has on it: fcntl(2), "Record locks", and
# https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
_descriptors: dict[str, int] = {}
# The owners in this process, by descriptor. POSIX lets a process lock a byte twice, so
# the locks themselves do not show that an owner is another store of the same process.
_owners: dict[int, set[int]] = {}
_lock, _exclusive_lock = threading.RLock(), threading.RLock()


class OwnerLock:
    """The number by which a store claims events, valid for as long as the store lives.

    Args:
        path: Path of the lock file, which is created if necessary.

    Raises:
        OSError: The file cannot be opened or locked.

    Attributes:
        owner: The number, greater than 0.
    """

    def __init__(self, path: str) -> None:
        with _lock:
            self._file = _descriptor_of(path)
            owners = _owners.setdefault(self._file, set())
            self.owner = _random_number()
            while self.owner in owners or not _try_lock(self._file, self.owner):
                self.owner = _random_number()
            owners.add(self.owner)

    def is_alive(self, owner: int) -> bool:
        """Return whether the store with this number lives, in any process."""
        with _lock:
            if owner in _owners[self._file] or not _try_lock(self._file, owner):
                return True
            _unlock(self._file, owner)
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
            while not (is_locked := _try_lock(self._file, _EXCLUSIVE_BYTE)):
                if time.monotonic() >= deadline:
                    break
                time.sleep(_POLL_SECONDS)
            try:
                yield is_locked
            finally:
                if is_locked:
                    _unlock(self._file, _EXCLUSIVE_BYTE)

    def __del__(self) -> None:
        if "owner" in self.__dict__:
            self.release()

    def release(self) -> None:
        """Give the number up. In a forked child this does nothing: the number is the parent's."""
        with _lock, contextlib.suppress(KeyError, OSError):
            _owners[self._file].remove(self.owner)
            _unlock(self._file, self.owner)


def reset_after_fork() -> None:
    """Start a forked child without owners: record locks are not inherited, see fork(2)."""
    global _lock, _exclusive_lock  # another thread of the parent may have held them
    _lock, _exclusive_lock = threading.RLock(), threading.RLock()
    _owners.clear()


def _descriptor_of(path: str) -> int:
    if path not in _descriptors or not _is_at(path, _descriptors[path]):
        _descriptors[path] = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    return _descriptors[path]


def _is_at(path: str, file: int) -> bool:
    """Return whether an open file is still the one at a path, where other stores open it."""
    try:
        return os.path.samestat(os.fstat(file), Path(path).stat())
    except FileNotFoundError:
        return False


def _random_number() -> int:
    return int.from_bytes(os.urandom(4), "big") >> 2 | 1 << 30
