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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CurrentLock", "PerThread", "WakeUps", "kind_of_threads"]

# Only for green threads. eventlet's locks wake no thread of the system but their own.
_GREEN_POLL_SECONDS = 0.5


def kind_of_threads() -> object:
    """Return an object that stays the same until `threading` is patched."""
    # gevent leaves the function `threading.RLock` in place.
    return threading.Lock


class PerThread:
    """Holds attributes of each thread, like `threading.local`, or of each green thread."""

    __slots__ = ("_kind", "_local")

    _kind: object
    _local: Any

    def __init__(self) -> None:
        object.__setattr__(self, "_kind", threading.local)
        object.__setattr__(self, "_local", threading.local())

    def current(self) -> Any:
        """Return the `threading.local` that has the attributes."""
        kind = threading.local
        if kind is not self._kind:
            object.__setattr__(self, "_local", kind())
            object.__setattr__(self, "_kind", kind)
        return self._local

    def __getattr__(self, name: str) -> Any:
        return getattr(self.current(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.current(), name, value)


class CurrentLock:
    """Provides a re-entrant lock, and another one after `threading` was patched."""

    __slots__ = ("_kind", "_lock")

    def __init__(self) -> None:
        self._kind = kind_of_threads()
        self._lock = threading.RLock()

    # The lock itself is acquired by the caller, in a `with` statement: a KeyboardInterrupt inside
    # an `__enter__` of this class would leave it held.
    def get(self) -> Any:
        """Return the lock."""
        kind = kind_of_threads()
        if kind is not self._kind:
            self._lock = threading.RLock()
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
        for waiter in list(self._waiting):
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
