"""`WorkerPool`: the daemon threads of an `AsyncEmitter`."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from snowplow_tracker._lifecycle.process import exit_has_begun
from snowplow_tracker._locks import sections
from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._logging import delivering, log_unlocked
from snowplow_tracker._threads import PerThread, WakeUps

if TYPE_CHECKING:
    import weakref
    from collections.abc import Callable

__all__ = ["RequestQueue", "WorkerPool"]

_logger = lazy_logger("snowplow_tracker.emitters")

_PAUSE_SECONDS = 0.1  # while there is no memory
_thread = PerThread()


def _is_worker() -> bool:
    """Return whether this thread is a worker, of any pool."""
    return getattr(_thread, "is_worker", False)


class RequestQueue:
    """A queue like `queue.SimpleQueue`, whose `get` does not stop green threads.

    Patching replaces the class `queue.SimpleQueue`, but not the queues that exist already, and
    eventlet replaces it by a class whose `put` is not re-entrant.
    """

    def __init__(self) -> None:
        self._requests: deque[int | None] = deque()
        self._added = WakeUps()

    def put(self, request: int | None) -> None:
        """Add a request. A finalizer or signal handler may do so in the middle of another call."""
        self._requests.append(request)
        self._added.notify()

    def get(self, new_lock: Callable[[], Any] | None = None) -> int | None:
        """Wait for a request and remove it. See `WakeUps.wait_for`."""
        while True:
            with suppress(IndexError):  # another thread may be faster
                return self._requests.popleft()
            self._added.wait_for(lambda: self._requests, new_lock=new_lock)

    def empty(self) -> bool:
        """Return whether there is no request."""
        return not self._requests

    def qsize(self) -> int:
        """Return the number of requests."""
        return len(self._requests)


class WorkerPool:
    """Daemon threads that run a job once for each request; started by the first request.

    Args:
        job: The job. The reference is weak, so that the threads keep no emitter alive.
        count: Number of threads, at least 1.

    Attributes:
        queue: Requests that no thread has taken up yet, by number; None ends a thread.
    """

    def __init__(self, job: weakref.WeakMethod[Callable[[], None]], count: int) -> None:
        self._job = job
        self._count = count
        self.queue = RequestQueue()
        self._request_done = WakeUps()
        self._unfinished: set[int] = set()
        self._last_request = 0
        self._is_submitted = False
        self._threads: list[threading.Thread] = []
        self._starting: set[threading.Thread] = set()
        self._kind: object = threading.Lock

    def submit(self) -> bool:
        """Request a run of the job, unless a requested one has not begun yet.

        Returns:
            Whether there is a thread to run it.
        """
        if not self._is_submitted:
            self._is_submitted = True  # first: a worker resets it as soon as it begins
            has_thread = False
            try:
                has_thread = self._request()
            finally:
                if not has_thread:
                    self._is_submitted = False
            return has_thread
        return True

    def submit_and_wait(self, deadline: float | None = None) -> bool:
        """Request a run, and wait until it and all before it have ended.

        Args:
            deadline: When to give up, on the clock of `time.monotonic`. Default None: never.

        Returns:
            Whether they have ended. False at once if no thread can be started. A worker does
            not wait without a deadline: two could wait for each other.
        """
        if threading.current_thread() in self._threads:
            return True
        return self._request() and self.wait_idle(deadline)

    def wait_idle(self, deadline: float | None = None) -> bool:
        """Wait until the runs requested so far have ended; see `submit_and_wait`."""
        if threading.current_thread() in self._threads or (deadline is None and _is_worker()):
            return True
        if not self.has_threads():
            return not self._unfinished
        last = self._last_request
        return self._request_done.wait_for(lambda: self._have_ended(last), deadline)

    def has_threads(self) -> bool:
        """Return whether a thread is running.

        A signal handler may come before one is started that its own thread is about to start.
        """
        return any(thread.is_alive() for thread in list(self._threads))

    def stop(self) -> None:
        """End the threads after the requests made so far."""
        with sections, sections.short:
            threads, self._threads = self._threads, []
            for _ in threads:
                self.queue.put(None)

    def run(self) -> None:
        """Run the job for each request until stopped: the target of each thread."""
        _thread.is_worker = True
        # A thread of the system stays one after `threading` was patched.
        new_lock = threading.Lock
        while (request := self._next_request(new_lock)) is not None:
            self._is_submitted = False
            try:
                self._run_job()
            finally:
                self._unfinished.discard(request)
                self._request_done.notify()

    def _next_request(self, new_lock: Callable[[], Any]) -> int | None:
        while True:
            try:
                return self.queue.get(new_lock)
            except (MemoryError, RuntimeError):  # noqa: PERF203 - no lock can be created
                if exit_has_begun():
                    raise
                time.sleep(_PAUSE_SECONDS)  # without this thread, a flush would wait for ever

    def _run_job(self) -> None:
        job = self._job()
        try:
            if job is not None:
                job()
        except BaseException:  # a callback may raise anything; others wait for this thread
            with delivering, delivering.mark():
                _logger.exception("A worker failed to send, the next flush tries again")

    def _request(self) -> bool:
        """Queue a request. Returns whether there is a thread to run it."""
        self._start_threads()
        with sections, sections.short:
            if self._threads or self.queue.empty():  # without a thread, one request is enough
                self._last_request += 1
                # First: a worker may have finished it right after `put`.
                self._unfinished.add(self._last_request)
                # Under the lock: after the None that ends a thread, no thread would take it up.
                self.queue.put(self._last_request)
            return bool(self._threads)

    def _have_ended(self, last: int) -> bool:
        return all(request > last for request in list(self._unfinished))

    def _start_threads(self) -> None:
        missing: list[threading.Thread] = []
        try:
            self._add_missing_threads(missing)
            for thread in missing:
                thread.start()  # not under the lock: it waits until the thread runs
        except RuntimeError as error:
            if not exit_has_begun():  # at exit, the main thread sends
                message = "Cannot start a sender thread, the next flush tries again: %s"
                log_unlocked(_logger.warning, message, error)
        finally:  # also after a KeyboardInterrupt, which may come before or after one has started
            self._starting.difference_update(missing)
            self._forget(self._ended_threads())

    def _add_missing_threads(self, missing: list[threading.Thread]) -> None:
        """Create threads until there are enough. Those in `missing` are to be started."""
        ended = self._ended_threads()
        with sections, sections.short:
            if threading.Lock is not self._kind:
                # `threading` was patched: green threads, and threads of the system, cannot wait
                # for each other's locks. The old threads finish the requests made so far, and wait
                # for ever: `threading` could not tell any more which thread has ended.
                self._kind = threading.Lock
                self._threads, self.queue = [], RequestQueue()
            self._forget(ended)
            while len(self._threads) < self._count:
                name = f"snowplow-emitter-{len(self._threads) + 1}"
                thread = threading.Thread(target=self.run, name=name, daemon=True)
                missing.append(thread)
                self._starting.add(thread)
                self._threads.append(thread)

    def _ended_threads(self) -> set[threading.Thread]:
        """Return the threads that have ended, or could not be started.

        Not under the lock: gevent may switch to another green thread in `is_alive`.
        """
        started = [thread for thread in list(self._threads) if thread not in self._starting]
        return {thread for thread in started if not thread.is_alive()}

    def _forget(self, ended: set[threading.Thread]) -> None:
        with sections, sections.short:
            self._threads = [thread for thread in self._threads if thread not in ended]
