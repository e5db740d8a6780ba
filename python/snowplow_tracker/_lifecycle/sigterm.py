"""SIGTERM: deliver before its default action, or while a server's handler shuts down."""

from __future__ import annotations

import _thread
import logging
import os
import signal
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from snowplow_tracker._lifecycle.process import exit_has_begun
from snowplow_tracker._locks import sections

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    class Drainable(Protocol):
        """The part of an emitter that SIGTERM concerns."""

        @property
        def exit_timeout(self) -> float:
            """Seconds that the end of the process may wait for it."""
            ...

        def send_each_event(self) -> None:
            """Send each event before its `input` returns, from now on."""
            ...

        def sync_flush(self) -> None:
            """Send what is stored before returning."""
            ...

        def deliver_before_exit(self, deadline: float, end: float) -> None:
            """Send what is stored until `deadline`, and what is tracked later until `end`."""
            ...


__all__ = ["flush_on_sigterm"]

logger = logging.getLogger("snowplow_tracker.emitters")

_SECONDS_FOR_MAIN_THREAD = 1.0

_emitters: weakref.WeakSet[Drainable] = weakref.WeakSet()
_draining: weakref.WeakSet[Drainable] = weakref.WeakSet()


def flush_on_sigterm(emitter: Drainable) -> None:
    """Deliver what an emitter holds when SIGTERM comes; see `Emitter.flush_on_sigterm`."""
    _emitters.add(emitter)
    previous = signal.getsignal(signal.SIGTERM)
    if isinstance(previous, _Handler) or previous is signal.SIG_IGN:
        return
    if previous is None or (previous is signal.SIG_DFL and _is_caught_outside_python()):
        logger.warning("flush_on_sigterm does nothing here: the handler of SIGTERM is not Python's")
        return
    signal.signal(signal.SIGTERM, _Handler(previous))


class _Handler:
    """Handles SIGTERM in addition to the handler, or the default action, that it replaces.

    It runs on the main thread between any two bytecodes, where the thread may hold locks or be
    in the middle of a request. So another thread delivers.

    Args:
        previous: The handler that was installed before, which runs as well, or `SIG_DFL`. Each
            handler remembers its own: a server may put back an earlier one of ours at its end.
    """

    def __init__(self, previous: Callable[[int, FrameType | None], Any] | int) -> None:
        self._previous = previous
        self._delivers_in: int | None = None  # a process id: forked children inherit this object
        self._has_ended = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if sections.is_active():  # another thread, which needs the lock, would be waited for here
            sections.defer(self, number, frame)
            return
        previous = self._previous
        if callable(previous):
            done = _start_thread(_drain_while_serving)
            previous(number, frame)
            # uvicorn restores the default action after its last response and raises the signal
            # again, so events that are not sent by now might never be.
            if done is not None:
                _attempt(done.acquire, True, _longest_exit_timeout())
        elif self._delivers_in == os.getpid():  # delivered, or an impatient second signal
            self._has_ended = True  # the first process of a container survives the default action
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
        elif not exit_has_begun():
            self._delivers_in = os.getpid()
            if _start_thread(self._drain_and_end) is None:
                raise SystemExit(128 + number)  # the exit handlers deliver

    def _drain_and_end(self) -> None:
        try:
            _drain_before_end()
        finally:
            self._end()

    def _end(self) -> None:
        """Have the main thread end the process by the default action.

        It is signalled again and again: a signal that comes right before a system call does not
        interrupt it. A main thread that is stuck in C code never handles one.
        """
        give_up = time.monotonic() + _SECONDS_FOR_MAIN_THREAD
        while not self._has_ended:
            if time.monotonic() > give_up:
                os._exit(128 + signal.SIGTERM)
            _signal_main_thread()
            time.sleep(0.01)


def _start_thread(function: Callable[[], None]) -> _thread.LockType | None:
    """Run a function on a thread.

    The handler may have interrupted `threading` while that holds a lock, so the thread is
    started without it.

    Returns:
        A lock that is released when the function has returned; None if there is no thread.
    """
    done = _thread.allocate_lock()
    done.acquire()

    def run() -> None:
        try:
            function()
        finally:
            done.release()

    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:  # the limit of threads, or the interpreter is exiting
        return None
    return done


def _drain_while_serving() -> None:
    """Send what is stored, and each later event at once: nobody tells when the process ends."""
    for emitter in _opted_in():
        _attempt(_send_each_event, emitter)
        _attempt(emitter.sync_flush)


def _drain_before_end() -> None:
    """Deliver within `exit_timeout`, which all emitters share."""
    started = time.monotonic()
    emitters = _opted_in()
    for emitter in emitters:
        _attempt(_send_each_event, emitter)
    for place, emitter in enumerate(emitters):
        now, end = time.monotonic(), started + emitter.exit_timeout
        share = max(end - now, 0.0) / (len(emitters) - place)
        _attempt(emitter.deliver_before_exit, now + share, end)


def _opted_in() -> list[Drainable]:
    try:
        return list(_emitters)
    except RuntimeError:  # another thread created an emitter during the iteration
        return _opted_in()


def _longest_exit_timeout() -> float:
    longest = max((emitter.exit_timeout for emitter in _opted_in()), default=0.0)
    return min(longest, _thread.TIMEOUT_MAX)


def _attempt(function: Callable[..., object], *arguments: Any) -> None:
    try:
        function(*arguments)
    except Exception:
        logger.exception("An emitter failed to deliver after SIGTERM")


def _send_each_event(emitter: Drainable) -> None:
    if emitter not in _draining:
        _draining.add(emitter)
        emitter.send_each_event()


def _signal_main_thread() -> None:
    """Call the handler again, even if the main thread is blocked in a system call."""
    if hasattr(signal, "pthread_kill") and (main := threading.main_thread().ident) is not None:
        signal.pthread_kill(main, signal.SIGTERM)
    else:
        _thread.interrupt_main(signal.SIGTERM)


def _is_caught_outside_python() -> bool:
    """Return whether C code, such as uWSGI's, has installed a handler that Python does not see.

    `signal.getsignal` shows the handlers of the start of the interpreter and those of Python.
    uWSGI installs its own after it has loaded the application.
    """
    if "uwsgi" in sys.modules:
        return True
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123
            caught = next(line for line in status if line.startswith("SigCgt:"))
    except (OSError, StopIteration):  # only Linux tells
        return False
    return bool(int(caught.partition(":")[2], 16) >> (signal.SIGTERM - 1) & 1)
