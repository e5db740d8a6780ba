"""The only file with threads: timers, the workers of an AsyncEmitter, process exit and fork."""

from __future__ import annotations

import _thread
import atexit
import logging
import os
import sys
import threading
import time
import weakref
from _queue import SimpleQueue  # without what else `queue` imports
from typing import TYPE_CHECKING

from snowplow_tracker._log_limit import after_locks

if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker.emitters import Emitter

__all__ = ["FlushTimer", "Workers", "adopt", "register"]

logger = logging.getLogger("snowplow_tracker.emitters")

_here = threading.local()
_NEVER = float("inf")


def _is_worker() -> bool:
    """Whether this thread is a worker, of whichever emitter."""
    return getattr(_here, "is_worker", False)


class _Countdown(threading.Event):
    """The time until a flush; set when that is cancelled.

    Attributes:
        timeout: Its seconds.
        due: When it ends, on `time.monotonic`'s clock.
        expires: Until when it keeps others from flushing.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self.timeout = timeout
        self.due = time.monotonic() + timeout
        self.expires = _NEVER


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
        self._countdown: _Countdown | None = None
        self.interval = 0.0

    def start(self, timeout: float) -> bool:
        """Flush `timeout` seconds from now; False, and nothing changes, while it is running."""
        with self._lock:
            if self.is_active():
                return False
            countdown = self._countdown = _Countdown(timeout)
        return self._count_down(countdown)

    def postpone(self, timeout: float) -> None:
        """Flush `timeout` seconds from now at the earliest."""
        countdown = _Countdown(timeout)
        with self._lock:
            before = self._countdown
            if before is not None and self.is_active():
                if before.due >= countdown.due:
                    return
                before.set()
            self._countdown = countdown
        self._count_down(countdown)

    def cancel(self) -> None:
        """Stop; what it has begun to flush goes on."""
        with self._lock:
            countdown, self._countdown = self._countdown, None
        if countdown is not None:
            countdown.set()

    def is_active(self) -> bool:
        """Whether a flush is due."""
        countdown = self._countdown
        return countdown is not None and time.monotonic() < countdown.expires

    def _count_down(self, countdown: _Countdown) -> bool:
        self.interval = countdown.timeout
        try:
            threading.Thread(
                target=self._run, args=(countdown,), name="snowplow-flush-timer", daemon=True
            ).start()
        except BaseException as error:
            # The time holds all the same, for whoever wants to flush.
            countdown.expires = -_NEVER if self._repeating else countdown.due
            if not isinstance(error, RuntimeError):  # Ctrl-C, say
                raise
            if not _exit_has_begun:
                after_locks.log(logger.warning, "A flush timer has no thread: %s", error)
            return False
        return True

    def _run(self, countdown: _Countdown) -> None:
        while not countdown.wait(countdown.timeout):
            if not self._repeating:
                countdown.expires = -_NEVER
            try:
                self._emitter.flush()
            except BaseException:  # whatever a callback raises, the next flush is due
                logger.exception("A timed flush raised")
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
        self._count = count
        # Its put is re-entrant: a finaliser or signal handler may track in the middle of it.
        self.queue: SimpleQueue[int | None] = SimpleQueue()
        # Taken by itself: Ctrl-C inside of the condition's own way to it would leave it locked.
        self._lock = threading.RLock()
        self._done = threading.Condition(self._lock)
        self._open: set[int] = set()
        self._last = 0
        self._woken = False
        self._threads: list[threading.Thread] = []

    def wake(self) -> bool:
        """Ask for one round, unless one is asked for that has not begun.

        Returns:
            Whether there is a thread for it.
        """
        if not self._woken:
            self._woken = True  # beforehand: a worker takes it back as soon as it begins
            has_thread = False
            try:
                has_thread = self._request()
            finally:
                if not has_thread:
                    self._woken = False
            return has_thread
        return True

    def wait(self, deadline: float | None = None) -> bool:
        """Ask for a round and wait until it and all before it have ended.

        Args:
            deadline: When to give up, on `time.monotonic`'s clock. Default None, never.

        Returns:
            Whether they have ended. False at once where no thread can be had. On a worker, no
            time without a bound is waited: two could wait for one another.
        """
        if threading.current_thread() in self._threads:
            return True
        return self._request() and self.join(deadline)

    def join(self, deadline: float | None = None) -> bool:
        """Wait as `wait` does, but for the rounds that were asked for so far."""
        if threading.current_thread() in self._threads or (deadline is None and _is_worker()):
            return True
        if not self._threads:
            return not self._open
        ticket = self._last
        with self._lock:
            timeout = None if deadline is None else max(deadline - time.monotonic(), 0)
            return self._done.wait_for(lambda: self._ended(ticket), timeout)

    def are_running(self) -> bool:
        """Whether there is a thread."""
        return bool(self._threads)

    def stop(self) -> None:
        """End the threads when they have done what they were asked for."""
        with self._lock:
            threads, self._threads = self._threads, []
            for _ in threads:
                self.queue.put(None)

    def consume(self) -> None:
        """Do rounds until stopped: what each thread runs."""
        _here.is_worker = True
        while (ticket := self.queue.get()) is not None:
            self._woken = False
            try:
                self._do_job()
            finally:
                with self._lock:
                    self._open.discard(ticket)
                    self._done.notify_all()

    def _do_job(self) -> None:
        job = self._job()
        try:
            if job is not None:
                job()
        except BaseException:  # whatever a callback raises, others are waiting for this thread
            logger.exception("A worker failed to send, the next flush tries again")

    def _request(self) -> bool:
        """Ask for a round. Returns whether there is a thread for it."""
        with after_locks, self._done:
            self._start()
            if self._threads or self.queue.empty():  # without a thread, one request is enough
                self._last += 1
                # Under the lock: behind what ends the threads, nobody would take it up, and what
                # a worker takes up is open before it can have ended.
                self.queue.put(self._last)
                self._open.add(self._last)
            return bool(self._threads)

    def _ended(self, ticket: int) -> bool:
        return all(other > ticket for other in self._open)

    def _start(self) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        while len(self._threads) < self._count:
            name = f"snowplow-emitter-{len(self._threads) + 1}"
            thread = threading.Thread(target=self.consume, name=name, daemon=True)
            self._threads.append(thread)  # beforehand: Ctrl-C may come when it runs already
            try:
                thread.start()
            except RuntimeError as error:  # at exit the main thread sends; else the next one tries
                self._threads.remove(thread)
                if not _exit_has_begun:
                    message = "No thread to send with, the next flush tries again: %s"
                    after_locks.log(logger.warning, message, error)
                return


_emitters: weakref.WeakSet[Emitter] = weakref.WeakSet()
_orphans: set[Emitter] = set()
_exit_has_begun = False
_processes_deliver = False


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
        _start_empty(emitter)
    _deliver_at_exit_of_processes()
    if (signals := sys.modules.get("celery.signals")) is not None:
        # Celery's worker processes end without the handlers of atexit, and tell by this signal.
        signals.worker_process_shutdown.connect(
            _deliver_at_exit_of_celery, weak=False, dispatch_uid=__name__
        )


def _start_empty(emitter: Emitter) -> None:
    try:
        emitter._start_empty()
    except Exception:
        logger.exception("An emitter failed to start anew in a forked child")


def _deliver_at_exit_of_processes() -> None:
    """Have processes of multiprocessing deliver: they may end without the handlers of atexit."""
    global _processes_deliver  # noqa: PLW0603 - a child inherits what is registered
    util = sys.modules.get("multiprocessing.util")
    if util is not None and not _processes_deliver:
        _processes_deliver = True
        # One forgets what runs at its end when it starts, before it calls what is registered here.
        util.register_after_fork(_deliver_at_exit, _finalize)


def _finalize(deliver: Callable[[], None]) -> None:
    sys.modules["multiprocessing.util"].Finalize(None, deliver, exitpriority=0)


def _deliver_at_exit_of_celery(**_: object) -> None:
    _deliver_at_exit()


# Registered when this package is imported, so that handlers of the program itself run before.
atexit.register(_deliver_at_exit)
_deliver_at_exit_of_processes()
if (_process := sys.modules.get("multiprocessing.process")) and _process.parent_process():
    _finalize(_deliver_at_exit)  # the process has started, and its own function imports this
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_empty_in_child)
