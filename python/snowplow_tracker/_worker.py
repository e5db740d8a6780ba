"""The only file with threads: timers, the workers of an AsyncEmitter, process exit and fork."""

from __future__ import annotations

import _thread
import atexit
import logging
import os
import queue
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker.emitters import Emitter

__all__ = ["FlushTimer", "Workers", "adopt", "register"]

logger = logging.getLogger("snowplow_tracker.emitters")


class FlushTimer:
    """Flushes an emitter after a time, once or again and again, on a daemon thread.

    Args:
        emitter: What to flush.
        repeating: Whether it goes on until it is cancelled.

    Attributes:
        interval: The seconds that it was last started with.
    """

    def __init__(self, emitter: Emitter, repeating: bool) -> None:
        self._emitter = emitter
        self._repeating = repeating
        self._lock = threading.RLock()
        self._cancelled: threading.Event | None = None
        self.interval = 0.0

    def start(self, timeout: float) -> bool:
        """Flush `timeout` seconds from now; False, and nothing changes, while it is running."""
        cancelled = threading.Event()
        with self._lock:
            if self.is_active():
                return False
            self._cancelled, self.interval = cancelled, timeout
        thread = threading.Thread(
            target=self._run, args=(timeout, cancelled), name="snowplow-flush-timer", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # the interpreter is shutting down; the exit handler sends the rest
            self._forget(cancelled)
            return False
        return True

    def cancel(self) -> None:
        """Stop; what it has begun to flush goes on."""
        with self._lock:
            cancelled, self._cancelled = self._cancelled, None
        if cancelled is not None:
            cancelled.set()

    def _forget(self, cancelled: threading.Event) -> None:
        with self._lock:
            if self._cancelled is cancelled:
                self._cancelled = None

    def is_active(self) -> bool:
        """Whether a flush is due."""
        return self._cancelled is not None

    def _run(self, timeout: float, cancelled: threading.Event) -> None:
        while not cancelled.wait(timeout):
            if not self._repeating:
                self._forget(cancelled)
            try:
                self._emitter.flush()
            except Exception:
                logger.exception("A timed flush failed")
            if not self._repeating:
                return


class Workers:
    """Daemon threads that do a job once for each request, started with the first one.

    Args:
        job: What they do; referred to weakly, so that threads keep no emitter alive.
        count: How many threads, at least 1.
    """

    def __init__(self, job: weakref.WeakMethod[Callable[[], None]], count: int) -> None:
        self._job = job
        self._count = max(count, 1)
        # Its put is re-entrant: a finaliser or signal handler may track in the middle of it.
        self.queue: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._done = threading.Condition()
        self._open: set[int] = set()
        self._last = 0
        self._woken = False
        self._threads: list[threading.Thread] = []

    def wake(self) -> None:
        """Ask for one round, unless one is asked for that has not begun."""
        if not self._woken:
            self._woken = True
            self._request()
            if not self.are_running():
                self._woken = False

    def wait(self, deadline: float | None = None) -> bool:
        """Ask for a round and wait until it and all before it have ended.

        Args:
            deadline: When to give up, on `time.monotonic`'s clock. Default None, never.

        Returns:
            Whether they have ended. False at once where no thread can be had.
        """
        if threading.current_thread() not in self._threads:
            self._request()
        return self.join(deadline)

    def join(self, deadline: float | None = None) -> bool:
        """Wait as `wait` does, but for the rounds that were asked for so far."""
        if threading.current_thread() in self._threads:
            return True
        if not self._threads:
            return not self._open
        ticket = self._last
        with self._done:
            timeout = None if deadline is None else max(deadline - time.monotonic(), 0)
            return self._done.wait_for(lambda: self._ended(ticket), timeout)

    def are_running(self) -> bool:
        """Whether there is a thread."""
        return bool(self._threads)

    def stop(self) -> None:
        """End the threads when they have done what they were asked for."""
        with self._done:
            threads, self._threads = self._threads, []
            for _ in threads:
                self.queue.put(None)

    def consume(self) -> None:
        """Do rounds until stopped: what each thread runs."""
        while (ticket := self.queue.get()) is not None:
            self._woken = False
            try:
                self._do_job()
            finally:
                with self._done:
                    self._open.discard(ticket)
                    self._done.notify_all()

    def _do_job(self) -> None:
        job = self._job()
        try:
            if job is not None:
                job()
        except BaseException:  # whatever a callback raises, others are waiting for this thread
            logger.exception("A worker failed to send")

    def _request(self) -> int:
        with self._done:
            self._last += 1
            ticket = self._last
            self._open.add(ticket)
            self._start()
            # Under the lock: behind what ends the threads, nobody would take it up.
            self.queue.put(ticket)
        return ticket

    def _ended(self, ticket: int) -> bool:
        return all(other > ticket for other in self._open)

    def _start(self) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        while len(self._threads) < self._count:
            name = f"snowplow-emitter-{len(self._threads) + 1}"
            thread = threading.Thread(target=self.consume, name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # at exit the main thread sends; else the next one tries
                if not _exit_has_begun:
                    logger.warning("No thread to send with: %s", error)
                return
            self._threads.append(thread)


_emitters: weakref.WeakSet[Emitter] = weakref.WeakSet()
_orphans: set[Emitter] = set()
_exit_has_begun = False


def register(emitter: Emitter) -> None:
    """Have an emitter deliver what it holds at exit, and start empty in a forked child."""
    _emitters.add(emitter)
    if _exit_has_begun:
        now = time.monotonic()
        emitter._deliver_before_exit(now, now + emitter.exit_timeout)


def adopt(emitter: Emitter) -> None:
    """Deliver what an emitter holds that nothing refers to any more. Called by its finaliser.

    A finaliser may run anywhere, in the middle of `threading` too, whose locks it must not want.
    """
    if _exit_has_begun or not _holds_events(emitter):
        return
    _orphans.add(emitter)
    try:
        _thread.start_new_thread(_see_off, (emitter,))
    except RuntimeError:  # the system has no more threads; the exit handler sees to it
        return


def _see_off(emitter: Emitter) -> None:
    try:
        emitter.close()
    except Exception:
        logger.exception("An emitter failed to deliver before its end")
    finally:
        _orphans.discard(emitter)


def _known_emitters() -> set[Emitter]:
    try:
        return {*_emitters, *_orphans}
    except RuntimeError:  # another thread made an emitter meanwhile
        return _known_emitters()


def _holds_events(emitter: Emitter) -> bool:
    try:
        return emitter._unanswered() > 0
    except Exception:
        logger.exception("A store does not tell how many events it holds")
        return True


def _deliver_at_exit() -> None:
    """Share the time among the emitters that hold events; the others come last."""
    global _exit_has_begun  # noqa: PLW0603 - there is one exit
    _exit_has_begun = True
    started = time.monotonic()
    holds = {emitter: _holds_events(emitter) for emitter in _known_emitters()}
    emitters = sorted(holds, key=lambda emitter: not holds[emitter])
    waiting = sum(holds.values())
    for place, emitter in enumerate(emitters):
        now, end = time.monotonic(), started + emitter.exit_timeout
        share = max(end - now, 0.0) / max(waiting - place, 1)
        try:
            emitter._deliver_before_exit(now + share, end)
        except Exception:
            logger.exception("An emitter failed to deliver before the exit")


def _start_empty_in_child() -> None:
    from snowplow_tracker import _native  # noqa: PLC0415 - known only by now

    _native.seed_event_ids_anew()
    _orphans.clear()
    for emitter in list(_emitters):
        emitter._start_empty()
    if (util := sys.modules.get("multiprocessing.util")) is not None:
        # It forgets in the child what runs at the end, before it calls what is registered here.
        util.register_after_fork(_deliver_at_exit, _deliver_at_exit_of_child)


def _deliver_at_exit_of_child(deliver: Callable[[], None]) -> None:
    """Have a child of multiprocessing deliver: it ends without the handlers of atexit."""
    sys.modules["multiprocessing.util"].Finalize(None, deliver, exitpriority=0)


# Registered when this package is imported, so that handlers of the program itself run before.
atexit.register(_deliver_at_exit)
if (_process := sys.modules.get("multiprocessing.process")) and _process.parent_process():
    _deliver_at_exit_of_child(_deliver_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_empty_in_child)
