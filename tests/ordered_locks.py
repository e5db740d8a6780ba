"""Locks that check the order in which threads take them: see `snowplow_tracker._locks.ORDER`."""

from __future__ import annotations

import threading
import traceback
from _thread import RLock
from typing import Any

from snowplow_tracker import _locks
from snowplow_tracker._http import client
from snowplow_tracker._lifecycle import process
from snowplow_tracker._stores.sqlite import liveness

violations: list[str] = []


_held: dict[int, list[OrderedLock]] = {}  # by thread


class OrderedLock:
    """A re-entrant lock that notes where a thread takes it out of order.

    That is where threads could wait for each other for ever, whether or not they do this time.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._place = _locks.ORDER.index(kind)
        self._lock: Any = RLock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking and timeout == -1:
            self._check()
        if not self._lock.acquire(blocking, timeout):
            return False
        self._locks_of_this_thread().append(self)
        return True

    def release(self) -> None:
        held = self._locks_of_this_thread()
        if self in held:
            held.reverse()
            held.remove(self)
            held.reverse()
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _is_owned(self) -> bool:
        return bool(self._lock._is_owned())

    def _locks_of_this_thread(self) -> list[OrderedLock]:
        return _held.setdefault(threading.get_ident(), [])

    def _check(self) -> None:
        held = self._locks_of_this_thread()
        if self._is_owned() or not held:  # it cannot be waited for
            return
        last = max(held, key=lambda lock: lock._place)
        if last._place >= self._place:
            where = "".join(traceback.format_stack(limit=12)[:-2])
            violations.append(f"{self.kind!r} taken while {last.kind!r} is held:\n{where}")


def check_all(patch: Any) -> None:
    """Have all locks that are created from now on, and those of modules, check the order."""
    patch.setattr(_locks, "make_lock", OrderedLock)
    patch.setattr(_locks.sections, "short", OrderedLock("short"))
    patch.setattr(process, "_noticing", OrderedLock("copy"))
    for module in (_locks, client):
        patch.setattr(module, "importing", OrderedLock("importing"))
    patch.setattr(liveness, "_exclusive_lock", OrderedLock("opening"))
    patch.setattr(liveness, "_lock", OrderedLock("owners"))
