"""One thread at a time uses a store's database, also across forks."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, TypeVar

from snowplow_tracker._lifecycle.process import call_in_copies, notice_copy
from snowplow_tracker._locks import hold_imports, new_lock, release_imports, sections
from snowplow_tracker._stores.sqlite import liveness

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVarTuple, Unpack

    from snowplow_tracker._stores.sqlite.database import EventDatabase
    from snowplow_tracker._stores.sqlite.recovery import RecoveringConnection

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")

__all__ = ["SerializedAccess"]

_FORK_SECONDS = 10.0


class SerializedAccess:
    """Runs the operations of all threads on a store's database, one after the other.

    Args:
        connection: The connection to the database.
    """

    def __init__(self, connection: RecoveringConnection) -> None:
        self._connection = connection
        self._reset_lock()
        _all.add(self)

    def _reset_lock(self) -> None:
        self._lock = new_lock("database")
        self._running_thread: int | None = None

    def do(
        self,
        operation: Callable[[EventDatabase, Unpack[Ts]], T],
        default: T,
        *args: Unpack[Ts],
    ) -> T:
        """Run an operation on the database.

        Args:
            operation: Called with the database and `args`.
            default: Returned if the operation fails, or if this thread is in the middle of another
                one, of any store: it belongs to a signal handler or finalizer, which cannot wait.
            args: Further arguments of the operation.

        Returns:
            The result of the operation, or the default.
        """
        return default if sections.is_in_store() else self.run(operation, default, *args)

    def run(
        self,
        operation: Callable[[EventDatabase, Unpack[Ts]], T],
        default: T,
        *args: Unpack[Ts],
    ) -> T:
        """Do the same, for a caller that knows that this thread is not in the middle of one."""
        notice_copy()
        with sections, sections.store(), self._lock:
            if self._running_thread is not None:  # of another green thread, under the same lock
                return default
            self._running_thread = threading.get_ident()
            try:
                return self._connection.attempt(operation, default, *args)
            finally:
                self._running_thread = None

    def release(self) -> None:
        """Close the files of the store until they are needed again."""
        if sections.is_in_store():
            sections.defer(self.release)
            return
        with sections, sections.store(), self._lock:
            if self._running_thread is None:
                self._connection.release()

    def lock_for_fork(self, seconds: float) -> bool:
        """Keep all threads out and close the database. Returns False if that took too long."""
        if not self._lock.acquire(timeout=seconds):
            return False
        if self._running_thread is None:
            self._connection.close()
        return True

    def unlock_after_fork(self) -> None:
        """Let threads in again, in the parent."""
        self._lock.release()

    def reset_after_fork(self) -> None:
        """Start anew in the child.

        The database is still open if the process was copied without Python's fork hooks, as uWSGI
        does. SQLite forbids to use it, and to close it because that may write to the file. It
        cannot if no operation was running and the parent still has its locks.
        """
        if self._running_thread is None:
            self._connection.close()
            self._connection.reset()
        else:
            self._connection.detach_after_fork()
        self._reset_lock()


# A reload of the module keeps it.
_all: weakref.WeakSet[SerializedAccess] = globals().get("_all", weakref.WeakSet())
_locked: dict[int, list[SerializedAccess]] = {}  # by the thread that forks


def _lock_for_fork() -> None:
    """Close all databases before a fork. They are opened again when they are needed.

    SQLite keeps track of POSIX locks in the memory of the process, so a child would believe that
    it holds its parent's:
    https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_
    """
    deadline = time.monotonic() + _FORK_SECONDS
    hold_imports()  # the hooks of `_http/client.py` run after this one, out of the order of locks
    sections.store().acquire()
    _locked[threading.get_ident()] = [
        access
        for access in sorted(_snapshot(), key=id)  # two threads that fork take them in one order
        if access.lock_for_fork(max(deadline - time.monotonic(), 0))
    ]


def _snapshot() -> list[SerializedAccess]:
    try:
        return list(_all)
    except RuntimeError:  # another thread created a store during the iteration
        return _snapshot()


def _unlock_in_parent() -> None:
    for access in reversed(_locked.pop(threading.get_ident(), [])):
        access.unlock_after_fork()
    sections.store().release()
    release_imports()
    sections.leave()


def _reset_in_child() -> None:
    liveness.reset_after_fork()
    for access in _snapshot():
        access.reset_after_fork()
    _locked.clear()


def _reset_after_fork() -> None:
    _reset_in_child()
    release_imports()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock_for_fork,
        after_in_parent=_unlock_in_parent,
        after_in_child=_reset_after_fork,
    )
call_in_copies(_reset_in_child)
