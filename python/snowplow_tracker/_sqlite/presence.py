"""Proof that a store lives: a lock on one byte of a file, which ends with its process.

The system releases it however the process ends, and at once. So neither a clock nor process ids
(which come again, and mean nothing in another container) decide who is dead.
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

__all__ = ["Presence"]

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


_EXCLUSIVE = 0
# One a file and process, never closed: closing any would end all locks that the process has.
_files: dict[str, int] = {}
_mine: dict[int, set[int]] = {}
_lock, _alone = threading.RLock(), threading.RLock()


class Presence:
    """A store's name among those that share a file, for as long as it lives.

    Args:
        path: Of the file with the locks; made where it does not exist.

    Raises:
        OSError: It cannot be opened or locked.

    Attributes:
        owner: The name, a number above 0.
    """

    def __init__(self, path: str) -> None:
        with _lock:
            if path not in _files or not _is_at(path, _files[path]):
                _files[path] = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            self._file = _files[path]
            mine = _mine.setdefault(self._file, set())
            self.owner = _any_number()
            while self.owner in mine or not _try_lock(self._file, self.owner):
                self.owner = _any_number()
            mine.add(self.owner)

    def is_alive(self, owner: int) -> bool:
        """Whether the store of that name lives, in whatever process."""
        with _lock:
            if owner in _mine[self._file] or not _try_lock(self._file, owner):
                return True
            _unlock(self._file, owner)
            return False

    @contextlib.contextmanager
    def alone(self, seconds: float) -> Generator[bool]:
        """Keep other stores of this file out of here; False where one stayed in all the time."""
        deadline = time.monotonic() + seconds
        with _alone:
            while not (is_locked := _try_lock(self._file, _EXCLUSIVE)):
                if time.monotonic() >= deadline:
                    break
                time.sleep(0.01)
            try:
                yield is_locked
            finally:
                if is_locked:
                    _unlock(self._file, _EXCLUSIVE)

    def __del__(self) -> None:
        if "owner" in self.__dict__:
            self.end()

    def end(self) -> None:
        """Give the name up. In a forked child, its parent has it still."""
        with _lock, contextlib.suppress(KeyError, OSError):
            _mine[self._file].remove(self.owner)
            _unlock(self._file, self.owner)


def forget_those_of_parent() -> None:
    """Begin without locks, as a forked child does: its parent has them."""
    global _lock, _alone  # another thread may have held them at the fork
    _lock, _alone = threading.RLock(), threading.RLock()
    _mine.clear()


def _is_at(path: str, file: int) -> bool:
    """Whether an open file is the one at a path still: others look there for its locks."""
    try:
        return os.path.samestat(os.fstat(file), Path(path).stat())
    except FileNotFoundError:
        return False


def _any_number() -> int:
    return int.from_bytes(os.urandom(4), "big") >> 2 | 1 << 30
