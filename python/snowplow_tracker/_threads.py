"""Thread primitives that fit green threads, whenever these come.

gevent and eventlet replace the primitives of `threading` by their own, for all modules at once
(https://www.gevent.org/api/gevent.monkey.html). A program may ask for that after it has imported
this package and created emitters. A lock or a `threading.local` from before is then one for all
green threads, and a thread that waits for it stops them all. So nothing here keeps a primitive
that is older than the last replacement.
"""

from __future__ import annotations

import threading
import time
from _thread import RLock  # green threads do not replace it

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["CurrentLock", "Mark", "PerThread", "WakeUps"]

# Only for green threads. eventlet's locks wake no thread of the system but their own.
_GREEN_POLL_SECONDS = 0.5


class PerThread:
    """Holds attributes of each thread, like `threading.local`, or of each green thread."""

    __slots__ = ("_kind", "_local")

    _kind: object
    _local: Any

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> Any:
        """Create the attributes anew: `threading` was patched."""
        kind = threading.local
        local = kind()
        object.__setattr__(self, "_local", local)
        object.__setattr__(self, "_kind", kind)
        return local

    def __getattr__(self, name: str) -> Any:
        local = self._local if threading.local is self._kind else self.renew()
        return getattr(local, name)

    def __setattr__(self, name: str, value: object) -> None:
        local = self._local if threading.local is self._kind else self.renew()
        setattr(local, name, value)


class Mark:
    """Marks what a thread is in the middle of: `with mark():`.

    A mark is a re-entrant lock of one thread, which no other thread knows: a counter that native
    code changes. A counter that Python code changes would stay wrong if a signal handler raised an
    exception at the first line of `__exit__`.
    """

    __slots__ = ("_kind", "_local")

    def __init__(self) -> None:
        self._renew()

    def _renew(self) -> None:
        kind = threading.local
        self._local: Any = kind()
        self._kind: object = kind

    def __call__(self) -> Any:
        """Return this thread's mark, a context manager."""
        if threading.local is not self._kind:
            self._renew()
        try:
            return self._local.lock
        except AttributeError:
            lock = self._local.lock = RLock()
            return lock

    def is_active(self) -> bool:
        """Return whether this thread is inside such a block."""
        is_active: bool = self()._is_owned()  # noqa: SLF001 - as `threading.Condition` does
        return is_active


class CurrentLock:
    """Provides a re-entrant lock, and another one after `threading` was patched.

    Args:
        new_lock: Creates a lock of the kind that is current.
    """

    def __init__(self, new_lock: Callable[[], Any]) -> None:
        # gevent leaves the function `threading.RLock` in place.
        self._kind: object = threading.Lock
        self._new_lock = new_lock
        self._lock = new_lock()

    # The lock itself is acquired by the caller, in a `with` statement: a KeyboardInterrupt inside
    # an `__enter__` of this class would leave it held.
    def get(self) -> Any:
        """Return the lock."""
        kind = threading.Lock
        if kind is not self._kind:
            self._lock = self._new_lock()
            self._kind = kind
        return self._lock


class WakeUps:
    """Wakes threads that wait until a condition holds.

    In contrast to `threading.Condition`, it has no lock: a finalizer or a signal handler may call
    `notify` in the middle of anything. Each wait creates a lock of its own, of the kind that fits
    its thread.
    """

    def __init__(self) -> None:
        self._waiting: dict[Any, bool] = {}

    def notify(self) -> None:
        """Have all threads that wait look at their conditions, which have changed before."""
        for waiter in self._waiting.copy():  # a finalizer may wait, too
            if self._waiting.pop(waiter, False):
                waiter.release()

    def wait_for(
        self,
        condition: Callable[[], object],
        deadline: float | None = None,
        new_lock: Callable[[], Any] | None = None,
    ) -> bool:
        """Wait until a condition holds.

        Args:
            condition: Called first and after each `notify`.
            deadline: When to give up, on the clock of `time.monotonic`. Default None: never.
            new_lock: Creates a lock for this thread. Default: `threading.Lock` as it is now.

        Returns:
            Whether the condition holds.
        """
        while True:
            waiter = (new_lock or threading.Lock)()
            waiter.acquire()
            self._waiting[waiter] = True
            try:
                # After the registration, so that no change is missed.
                if condition():
                    return True
                seconds = -1.0 if deadline is None else deadline - time.monotonic()
                if deadline is not None and seconds <= 0:
                    return False
                waiter.acquire(timeout=_limited(seconds, waiter))
            finally:
                self._waiting.pop(waiter, None)


def _limited(seconds: float, lock: object) -> float:
    """Return the time-out of one wait; -1 stands for none."""
    is_native = type(lock).__module__ == "_thread"
    longest = threading.TIMEOUT_MAX if is_native else _GREEN_POLL_SECONDS
    if seconds < 0:
        return -1 if is_native else longest
    return min(seconds, longest)
