"""The deadline of one attempt as a whole, and calls that end at it whatever they wait for."""

from __future__ import annotations

import sys
import threading
import time
from contextvars import ContextVar, copy_context

from snowplow_tracker._signals import current_exception, reraise_if_by_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")

__all__ = [
    "LimitedCalls",
    "attempt",
    "current_deadline",
    "seconds_left",
    "shortened",
    "total_seconds",
]


class _Limit:
    """A deadline that ends with its attempt, also in copies of the context that live longer."""

    def __init__(self, deadline: float | None) -> None:
        self.deadline = deadline


# A context variable, because the parts of an attempt that know timeouts are called by urllib3.
_limit: ContextVar[_Limit | None] = ContextVar("snowplow_attempt", default=None)
_SHORTEST = 0.001  # for sockets, 0 means not to wait at all


class attempt:  # noqa: N801 - reads as a function, and is half as slow as a generator
    """Has the calls of a `with` block end after some seconds.

    Args:
        seconds: None for no limit of this block's own.
        latest: A deadline that applies too, on the clock of `time.monotonic`.
    """

    __slots__ = ("_limit", "_token")

    def __init__(self, seconds: float | None, latest: float | None = None) -> None:
        ends = [end for end in (current_deadline(), latest) if end is not None]
        if seconds is not None:
            ends.append(time.monotonic() + seconds)
        self._limit = _Limit(min(ends, default=None))

    def __enter__(self) -> None:
        self._token = _limit.set(self._limit)

    def __exit__(self, *_: object) -> None:
        self._limit.deadline = None
        _limit.reset(self._token)


def current_deadline() -> float | None:
    """Return when the current attempt has to end, on the clock of `time.monotonic`."""
    limit = _limit.get()
    return None if limit is None else limit.deadline


def seconds_left(deadline: float) -> float:
    """Return the seconds until a deadline, as a timeout for sockets: always above 0."""
    return max(deadline - time.monotonic(), _SHORTEST)


def shortened(timeout: Any, deadline: float | None) -> Any:
    """Return a timeout of sockets that ends at a deadline at the latest."""
    if deadline is None:
        return timeout
    left = seconds_left(deadline)
    return min(timeout, left) if isinstance(timeout, int | float) else left


def total_seconds(timeout: Any) -> float | None:
    """Return how long an attempt may take as a whole.

    Args:
        timeout: As for requests. Both parts of a pair together are the limit, a single number is.
    """
    if timeout is None or isinstance(timeout, int | float):
        return timeout
    if not isinstance(timeout, tuple):
        if timeout.total is not None:
            return float(timeout.total)
        unstarted = timeout.clone()
        timeout = (unstarted.connect_timeout, unstarted.read_timeout)
    connect, read = timeout
    is_limited = isinstance(connect, int | float) and isinstance(read, int | float)
    return connect + read if is_limited else None


class _Call:
    """One call on a thread of its own."""

    def __init__(self, function: Callable[[], Any], discard: Callable[[], object] | None) -> None:
        self.has_ended = threading.Event()
        self._function = function
        self._discard = discard
        self._is_abandoned = False
        self._results: list[Any] = []
        self._errors: list[BaseException] = []

    def run(self) -> None:
        try:
            self._results.append(self._function())
        except BaseException as error:  # noqa: BLE001 - raised by `result`
            self._errors.append(error)
        self.has_ended.set()
        if self._is_abandoned:
            self._drop()

    def result(self) -> Any:
        if self._errors:
            raise self._errors.pop()
        return self._results[0]

    def abandon(self) -> None:
        self._is_abandoned = True
        if self.has_ended.is_set():
            self._drop()

    def _drop(self) -> None:
        # Both threads may come here: the one that ends the call, and the one that abandons it.
        self._errors.clear()
        if self._discard is not None:
            self._discard()


class LimitedCalls:
    """Calls functions on daemon threads, and waits for them until a deadline.

    Name resolution knows no timeout, and some other waits start theirs anew with each byte. A
    call that is given up goes on in the background. Python cannot end it.

    Args:
        most: How many calls that were given up may go on. Then the next call waits for the first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._abandoned: list[_Call] = []

    def run(
        self,
        deadline: float,
        function: Callable[[], T],
        discard: Callable[[], object] | None = None,
    ) -> list[T]:
        """Call a function in a copy of this thread's context.

        Args:
            deadline: When to give up, on the clock of `time.monotonic`.
            function: Also called if no thread can be started: then on this one, without a limit.
            discard: Called after a call that was given up has ended.

        Returns:
            A list with the result, which is empty if the call was given up.
        """
        self._abandoned = [call for call in self._abandoned if not call.has_ended.is_set()]
        if len(self._abandoned) >= self._most:
            first = self._abandoned[0]
            if not first.has_ended.wait(deadline - time.monotonic()):
                return []
        call = _Call(function, discard)
        thread = threading.Thread(
            target=copy_context().run, args=(call.run,), name="snowplow-request", daemon=True
        )
        if not _has_started(thread):
            return [function()]
        has_ended = False
        try:
            has_ended = call.has_ended.wait(deadline - time.monotonic())
        finally:  # a signal handler may raise here
            if not has_ended:
                self._abandoned.append(call)
                call.abandon()
        return [call.result()] if has_ended else []


def _has_started(thread: threading.Thread) -> bool:
    if sys.is_finalizing():  # the thread would never run, and before CPython 3.12 start() waits
        return False
    before = current_exception()
    try:
        thread.start()
    except RuntimeError as error:  # too many threads, or the interpreter is at its end
        reraise_if_by_handler(error, before)
        return False
    return True
