"""The end of a process, and forks: who delivers before the exit, who starts empty in a child."""

from __future__ import annotations

import _thread
import atexit
import os
import sys
import time
from _queue import Empty, SimpleQueue  # the module `queue` imports more than this needs
from _weakrefset import WeakSet  # `threading` imports it; `weakref` imports more

from snowplow_tracker._locks import hold_imports, new_lock, release_imports, sections
from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._logging import RateLimitedLogger
from snowplow_tracker._native import process_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Deliverable(Protocol):
        """The part of an emitter that the end of a process and a fork concern."""

        @property
        def exit_timeout(self) -> float:
            """Seconds that the exit may wait for it."""
            ...

        def holds_events(self) -> bool:
            """Return whether events are stored or being sent."""
            ...

        def deliver_before_exit(self, deadline: float, end: float) -> None:
            """Send what is stored until `deadline`, and what is tracked later until `end`."""
            ...

        def close_abandoned(self) -> None:
            """Close an emitter that the program no longer refers to."""
            ...

        def reset_after_fork(self) -> None:
            """Become empty: what was stored belongs to the parent process."""
            ...


__all__ = [
    "call_in_copies",
    "deliver_abandoned",
    "exit_has_begun",
    "follow_logging",
    "notice_copy",
    "register_for_exit",
    "registered",
]

_logger = lazy_logger("snowplow_tracker.emitters")

# A reload of the module keeps its state: the emitters are still to be delivered.
_is_reloaded = "_registered" in globals()
_registered: WeakSet[Deliverable] = globals().get("_registered", WeakSet())
_abandoned: set[Deliverable] = globals().get("_abandoned", set())
_exit_has_begun: bool = globals().get("_exit_has_begun", False)
_has_followed_logging: bool = globals().get("_has_followed_logging", False)
_has_multiprocessing_hook: bool = globals().get("_has_multiprocessing_hook", False)
_process = process_number()
_noticing = new_lock("copy")  # held in copies only, by the thread that resets
_is_resetting = False
_reset_hooks: list[Callable[[], None]] = globals().get("_reset_hooks", [])
# SimpleQueue, and append and pop of lists, are re-entrant: a finalizer may run in the middle.
_to_close: SimpleQueue[Deliverable] = globals().get("_to_close", SimpleQueue())
_refused: list[None] = []
_MAX_CLOSERS = 4
_MAX_ABANDONED = 10_000
_MANY = 20
_closer_permits: list[int] = globals().get("_closer_permits", list(range(_MAX_CLOSERS)))
_closed_count = 0
_log = RateLimitedLogger(_logger)


def exit_has_begun() -> bool:
    """Return whether the interpreter is running its exit handlers."""
    return _exit_has_begun


def notice_copy() -> None:
    """Start empty if C code has copied this process: Python's fork hooks have not run then.

    uWSGI does, for example. Whatever uses events, threads or connections calls this first.
    """
    if process_number() != _process:
        with _noticing:
            # Another thread may have been faster, or this one may be in the middle of it.
            if process_number() != _process and not _is_resetting:
                for hook in _reset_hooks:
                    hook()
                _reset_in_child()


def call_in_copies(hook: Callable[[], None]) -> None:
    """Have a function called in copies of this process in which Python's fork hooks do not run."""
    _reset_hooks.append(hook)


def register_for_exit(emitter: Deliverable) -> None:
    """Deliver what an emitter holds at exit, and reset it in a forked child."""
    _registered.add(emitter)
    if _exit_has_begun:
        now = time.monotonic()
        emitter.deliver_before_exit(now, now + emitter.exit_timeout)


def follow_logging() -> None:
    """Register, with the first emitter, what has to run before what `logging` has registered.

    Handlers of the exit, and hooks before a fork, run in the reverse order. The last delivery logs,
    so that the handlers of `logging` have to be open. A thread that imports requests takes the lock
    of `logging`, so that a fork has to wait for this thread before it takes that lock.
    """
    global _has_followed_logging  # noqa: PLW0603 - there is one `logging`
    if _has_followed_logging:
        return
    _has_followed_logging = True
    import logging  # noqa: F401, PLC0415 - slow to import, and each emitter logs

    atexit.register(_deliver_unless_delivered)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=hold_imports, after_in_parent=release_imports, after_in_child=release_imports
        )


def registered() -> set[Deliverable]:
    """Return the emitters of this process that the end of the process concerns."""
    try:
        return {*_registered, *_abandoned}
    except RuntimeError:  # another thread created an emitter during the iteration
        return registered()


def deliver_abandoned(emitter: Deliverable) -> None:
    """Deliver what an emitter holds that the program no longer refers to.

    Its finalizer calls this, which resurrects the emitter until a thread has closed it. A
    finalizer may run anywhere, even inside `threading` while that holds a lock, so the thread is
    started without `threading`. A few threads close all such emitters: a program that makes one
    for each event would otherwise run out of threads and files.
    """
    if _exit_has_begun or not _holds_events(emitter):
        return
    if len(_abandoned) >= _MAX_ABANDONED:
        _refused.append(None)
        return
    _abandoned.add(emitter)
    _to_close.put(emitter)
    _start_closer()


def _start_closer() -> None:
    """Start another thread that closes emitters, unless there are enough."""
    try:
        permit = _closer_permits.pop()
    except IndexError:
        return
    try:
        _thread.start_new_thread(_close_all_abandoned, (permit,))
    except RuntimeError:  # no more threads can be started: the exit handler delivers
        _closer_permits.append(permit)


def _close_all_abandoned(permit: int) -> None:
    try:
        while not _to_close.empty():
            try:
                emitter = _to_close.get_nowait()
            except Empty:  # another thread was faster
                return
            _close_abandoned(emitter)
    finally:
        _closer_permits.append(permit)
    if not _to_close.empty():  # one more came before the permit was free
        _start_closer()


def _close_abandoned(emitter: Deliverable) -> None:
    _warn_of_many()
    try:
        emitter.close_abandoned()
    except Exception:
        _logger.exception("An emitter failed to deliver before its end")
    finally:
        _abandoned.discard(emitter)


def _warn_of_many() -> None:
    """Warn if many emitters are dropped. A finalizer must not log, so the closing threads do."""
    global _closed_count  # noqa: PLW0603 - about right is enough
    _closed_count += 1
    if _closed_count >= _MANY:
        _log.warning(
            "Many emitters are dropped before they have sent their events. Create one tracker"
            " when the program starts, and use it for all events"
        )
    if lost := len(_refused):
        del _refused[:lost]
        _log.error("Events of %d dropped emitters are lost: too many wait to be closed", lost)


def _holds_events(emitter: Deliverable) -> bool:
    try:
        return emitter.holds_events()
    except Exception:
        _logger.exception("An event store failed to tell how many events it holds")
        return True


def _deliver_at_exit() -> None:
    """Share the time among the emitters that hold events; the others come last."""
    global _exit_has_begun  # noqa: PLW0603 - there is one exit
    notice_copy()
    _exit_has_begun = True
    started = time.monotonic()
    holds = {emitter: _holds_events(emitter) for emitter in registered()}
    emitters = sorted(holds, key=lambda emitter: not holds[emitter])
    waiting = sum(holds.values())
    for place, emitter in enumerate(emitters):
        now, end = time.monotonic(), started + emitter.exit_timeout
        share = max(end - now, 0.0) / max(waiting - place, 1)
        try:
            emitter.deliver_before_exit(now + share, end)
        except Exception:
            _logger.exception("An emitter failed to deliver before the exit")


def _deliver_unless_delivered() -> None:
    if not _exit_has_begun:
        _deliver_at_exit()


def _reset_in_child() -> None:
    global _process, _is_resetting, _to_close  # noqa: PLW0603 - the state of this process
    _is_resetting = True
    sections.renew()
    _abandoned.clear()
    _to_close = SimpleQueue()
    _closer_permits[:] = range(_MAX_CLOSERS)
    for emitter in list(_registered):
        _reset(emitter)
    _process = process_number()
    _is_resetting = False
    _hook_multiprocessing()
    if (signals := sys.modules.get("celery.signals")) is not None:
        # Celery's worker processes end without running atexit handlers, but send this signal.
        signals.worker_process_shutdown.connect(
            _deliver_at_exit_of_celery, weak=False, dispatch_uid=__name__
        )


def _reset(emitter: Deliverable) -> None:
    try:
        emitter.reset_after_fork()
    except Exception:
        _logger.exception("An emitter failed to reset in a forked child")


def _hook_multiprocessing() -> None:
    """Deliver at the end of multiprocessing's children, which skip atexit handlers."""
    global _has_multiprocessing_hook  # noqa: PLW0603 - a child inherits what is registered
    util = sys.modules.get("multiprocessing.util")
    if util is not None and not _has_multiprocessing_hook:
        _has_multiprocessing_hook = True
        # A new multiprocessing child clears its finalizers before it runs after-fork hooks, so
        # the finalizer must be registered from such a hook.
        util.register_after_fork(_deliver_at_exit, _register_finalizer)


def _register_finalizer(deliver: Callable[[], None]) -> None:
    sys.modules["multiprocessing.util"].Finalize(None, deliver, exitpriority=0)


def _deliver_at_exit_of_celery(**_: object) -> None:
    _deliver_at_exit()


# Registered at import, too, since a program's exit handler may create the first emitter: what that
# registers is not run any more.
if not _is_reloaded:
    atexit.register(_deliver_unless_delivered)
_hook_multiprocessing()
_module = None if _is_reloaded else sys.modules.get("multiprocessing.process")
if _module is not None and _module.parent_process():
    # The child has already started: its own function imports this package.
    _register_finalizer(_deliver_at_exit)
if hasattr(os, "register_at_fork") and not _is_reloaded:
    os.register_at_fork(after_in_child=_reset_in_child)
