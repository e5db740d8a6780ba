"""The locks of this package, their order, and what code may do that interrupts their owner.

A thread takes these locks in the order of `ORDER` only, and each at most once or re-entrantly.
Signal handlers, finalizers, and callbacks of the garbage collector cannot keep to that order: they
run in the middle of other Python code, which may hold any of these locks. If such code waited for
the lock of an emitter, whose owner waits for the lock that its own thread holds, both would wait
for ever. So it waits for none. While a thread is inside a section, its calls for events, flushes
and `close` are deferred until it has left the section.

Native code has locks as well. It holds each of them for one operation without Python code, so they
need no place in the order: they come last.
"""

from __future__ import annotations

import itertools
import threading
from _thread import RLock  # green threads do not replace it
from functools import partial

from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._signals import current_exception, reraise_if_by_handler
from snowplow_tracker._threads import Mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    # By a number that keeps their order: the thread and the call.
    _Calls: TypeAlias = dict[int, tuple[int, Callable[[], object]]]

__all__ = [
    "ORDER",
    "Deferral",
    "hold_imports",
    "importing",
    "new_lock",
    "release_imports",
    "sections",
]

_logger = lazy_logger("snowplow_tracker.emitters")

# A thread that holds a lock may only take locks that come later.
ORDER = (
    "copy",  # resets the emitters of a copied process: `_lifecycle/process.py`
    "sending",  # one thread at a time sends what a store of the program's own holds
    "emitter",  # `Emitter.lock`: calls of the program's store, outcomes of requests, `stats`
    "importing",  # imports requests; held during a fork: `_http/client.py`
    "database",  # one thread at a time uses the file of an `SQLiteEventStore`
    "opening",  # one store at a time opens its file: `_stores/sqlite/liveness.py`
    "owners",  # the lock files that are open in this process
    "short",  # `sections.short`: counters, timers, worker pools, events in memory
)


def _make_lock(kind: str) -> Any:
    # `threading.RLock` may be that of green threads, which a thread must not take from another
    # one. Nothing switches to another green thread under the last lock.
    return RLock() if kind == "short" else threading.RLock()


# Tests replace this function by one whose locks check the order.
make_lock: Callable[[str], Any] = _make_lock


def new_lock(kind: str) -> Any:
    """Return a new re-entrant lock of a kind in `ORDER`."""
    return make_lock(kind)


importing = new_lock("importing")
_FORK_SECONDS = 10.0


def hold_imports() -> None:
    """Keep other threads from importing requests during a fork.

    A child process would wait for ever for the import locks of a thread that exists in its parent
    only. A signal handler may fork in the middle of anything, so this does not wait for ever.
    """
    importing.acquire(timeout=_FORK_SECONDS)


def release_imports() -> None:
    """Let other threads import requests again, after a fork."""
    if importing._is_owned():  # noqa: SLF001 - as `threading.Condition` does
        importing.release()


class Deferral:
    """Calls that are made when their thread leaves a block: `with deferral, lock:`.

    Attributes:
        calls: The calls that are to be made.
        makes_calls: Marks a thread that makes them.
    """

    def __init__(self) -> None:
        self.calls: _Calls = {}
        self.makes_calls = Mark()
        self._numbers = itertools.count()

    def is_active(self) -> bool:
        """Return whether this thread is inside such a block."""
        raise NotImplementedError

    # An exception of a signal handler may keep `__exit__` from running. So no state depends on it:
    # the calls are made when the thread leaves such a block the next time.
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        if self.calls:
            self.leave()

    def defer(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function after the outermost block of this thread."""
        self._add(self.calls, function, arguments)

    def _add(
        self, calls: _Calls, function: Callable[..., object], arguments: tuple[object, ...]
    ) -> None:
        calls[next(self._numbers)] = threading.get_ident(), partial(function, *arguments)

    def leave(self) -> None:
        """Make the calls of this thread, unless it is still inside a block."""
        if not self.is_active():
            self._make_all(self.calls, self.makes_calls)

    def _make_all(self, calls: _Calls, mark: Mark) -> None:
        """Make the calls of this thread, in their order, unless it is already doing that.

        A call enters and leaves blocks. If it made the next calls there, and these those after
        them, signals that keep coming would use up the stack.
        """
        while not mark.is_active() and (numbers := _of_this_thread(calls)):
            with mark():
                for number in numbers:
                    if (call := calls.pop(number, None)) is not None:
                        self._make(call[1])

    @staticmethod
    def _make(call: Callable[[], object]) -> None:
        """Make a call. What it raises does not concern the code that was interrupted."""
        before = current_exception()
        try:
            call()
        except Exception as error:
            reraise_if_by_handler(error, before)
            _logger.exception("A call raised an exception that a signal handler or finalizer made")


def _of_this_thread(calls: _Calls) -> list[int]:
    this_thread = threading.get_ident()
    # A copy, because a finalizer may defer a call during an iteration.
    return [number for number, (thread, _) in calls.copy().items() if thread == this_thread]


class Sections(Deferral):
    """The blocks in which a thread holds one of the locks from "emitter" on.

    Each section begins with one of these lines:

        with sections, sections.emitter(), host.lock:  # or `importing`
        with sections, sections.store(), a_lock_of_a_database:
        with sections, sections.short:

    Attributes:
        emitter: Marks a section that may take further locks, such as those of stores.
        store: Marks the sections of a durable store.
        short: The last lock in the order, one for all. What is done under it waits for nothing, and
            may be interrupted at any line by code that does the same.
        brief_calls: Calls to be made before all others: they wait for nothing, and send nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.brief_calls: _Calls = {}
        self.renew()

    def __exit__(self, *_: object) -> None:
        if self.calls or self.brief_calls:
            self.leave()

    def defer_brief(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function that waits for nothing after the outermost section of this thread.

        It comes before what `defer` was given, such as a flush, and in the middle of it: events
        are stored before a delivery that takes long is over.
        """
        self._add(self.brief_calls, function, arguments)

    def leave(self) -> None:
        """Make the calls of this thread, unless it is still inside a section or a brief call."""
        if not (self.is_active() or self._makes_brief_calls.is_active()):
            self._make_all(self.brief_calls, self._makes_brief_calls)
            self._make_all(self.calls, self.makes_calls)

    def is_making_calls(self) -> bool:
        """Return whether this thread is in the middle of a deferred call."""
        return self._makes_brief_calls.is_active() or self.makes_calls.is_active()

    def is_active(self) -> bool:
        """Return whether this thread is inside a section, of any emitter or store."""
        return self.is_in_store() or self.emitter.is_active()

    def is_in_store(self) -> bool:
        """Return whether this thread is in the middle of an operation of a built-in store."""
        # Each event of a durable store comes here: no further calls.
        is_in_store: bool = self.short._is_owned() or self.store()._is_owned()  # noqa: SLF001
        return is_in_store

    def is_in_short(self) -> bool:
        """Return whether this thread holds the last lock of the order."""
        is_owned: bool = self.short._is_owned()  # noqa: SLF001 - as `threading.Condition` does
        return is_owned

    def renew(self) -> None:
        """Start a copy of the process outside of sections: their locks belong to its parent."""
        self.emitter = Mark()
        self.store = Mark()
        self.makes_calls = Mark()
        self._makes_brief_calls = Mark()
        self.short: Any = new_lock("short")
        self.calls.clear()
        self.brief_calls.clear()


sections = Sections()
