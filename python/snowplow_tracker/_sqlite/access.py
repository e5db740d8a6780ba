"""One thread at a time at a store's file, whatever interrupts it, and across forks."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from snowplow_tracker._log_limit import after_locks
from snowplow_tracker._sqlite.presence import forget_those_of_parent

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVarTuple, Unpack

    from snowplow_tracker._sqlite.event_file import EventFile
    from snowplow_tracker._sqlite.keeper import Keeper

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")

__all__ = ["Access"]

_FORK_SECONDS = 10.0


class Access:
    """Does what threads want to do with a keeper's file, one after the other.

    A signal handler or finaliser may come in while its own thread is in the middle of that.

    Args:
        keeper: Of the file.

    Attributes:
        late_failures: How many things were put aside, and then failed.
    """

    def __init__(self, keeper: Keeper) -> None:
        self.late_failures = 0
        self._keeper = keeper
        self._start()
        _accesses.add(self)

    def _start(self) -> None:
        self._lock = threading.RLock()
        self._is_busy = False
        self._aside: deque[Callable[[], bool]] = deque()

    def do(
        self,
        operation: Callable[[EventFile, Unpack[Ts]], T],
        otherwise: T,
        *args: Unpack[Ts],
    ) -> T:
        """Do something with the file; `otherwise` where that fails, or interrupts another."""
        with after_locks, self._lock:
            return otherwise if self._is_busy else self._do_now(operation, otherwise, *args)

    def do_even_if_late(
        self, operation: Callable[[EventFile, Unpack[Ts]], bool], *args: Unpack[Ts]
    ) -> bool:
        """Do as `do`, but what interrupts another is put aside, and done when that has ended.

        Returns:
            What `operation` returns, False where it fails; True where it was put aside.
        """
        with after_locks, self._lock:
            if not self._is_busy:
                return self._do_now(operation, False, *args)
            self._aside.append(lambda: self._keeper.attempt(operation, False, *args))
            return True

    def _do_now(
        self,
        operation: Callable[[EventFile, Unpack[Ts]], T],
        otherwise: T,
        *args: Unpack[Ts],
    ) -> T:
        self._is_busy = True
        try:
            return self._keeper.attempt(operation, otherwise, *args)
        finally:
            self._is_busy = False
            while self._aside:
                self._do_what_is_aside()

    def _do_what_is_aside(self) -> None:
        self._is_busy = True
        try:
            while self._aside:
                if not self._aside.popleft()():
                    self.late_failures += 1
        finally:
            self._is_busy = False

    def hold(self, seconds: float) -> bool:
        """Close the file before a fork and keep all threads out. Returns whether they are."""
        if not self._lock.acquire(timeout=seconds):
            return False
        if not self._is_busy:
            self._keeper.close()
        return True

    def let_go(self) -> None:
        """Let threads in again."""
        self._lock.release()

    def start_in_child(self, was_held: bool) -> None:
        """Begin anew in a forked child."""
        if was_held and not self._is_busy:
            self._keeper.start_anew()
        else:
            self._keeper.abandon()
        self._start()


_accesses: weakref.WeakSet[Access] = weakref.WeakSet()
_held: list[Access] = []


def _hold_before_fork() -> None:
    """Have no file open: by SQLite's own notes of locks, the child would take itself to have them.

    Files are opened again when they are needed.
    """
    deadline = time.monotonic() + _FORK_SECONDS
    _held.extend(each for each in _all_accesses() if each.hold(max(deadline - time.monotonic(), 0)))


def _all_accesses() -> list[Access]:
    try:
        return list(_accesses)
    except RuntimeError:  # another thread made one meanwhile
        return _all_accesses()


def _let_go_in_parent() -> None:
    while _held:
        _held.pop().let_go()


def _start_in_child() -> None:
    forget_those_of_parent()
    for access in _all_accesses():
        access.start_in_child(access in _held)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_hold_before_fork,
        after_in_parent=_let_go_in_parent,
        after_in_child=_start_in_child,
    )
