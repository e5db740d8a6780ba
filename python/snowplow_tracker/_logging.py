"""Logging that cannot flood and cannot deadlock: rate limits, and calls deferred past a lock."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from snowplow_tracker._threads import Depth

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator

__all__ = ["RateLimitedLogger", "deferred_logging", "delivering"]

_INTERVAL_SECONDS = 60.0
_MAX_DEFERRED_CALLS = 1_000


class _DeferredLogging(Depth):
    """Defers log calls until the surrounding lock is released: `with deferred_logging, lock:`.

    A program's log handler may itself call `track()`. If this package logged while holding its
    lock, it would deadlock with a thread that holds the handler's lock and waits for that lock.
    """

    __slots__ = ()

    calls: deque[Callable[[], None]] | None

    def __init__(self) -> None:
        super().__init__(calls=None)

    def __exit__(self, *_: object) -> None:
        local = self._local if threading.local is self._kind else self.renew()
        if local.depth:
            local.depth -= 1
        if local.calls:
            calls: deque[Callable[[], None]] = local.calls
            while calls and not local.depth:
                calls.popleft()()

    def log(self, log: Callable[..., None], message: str, *args: object) -> None:
        """Call `log(message, *args)` now, or after the outermost `with` block."""
        if not self.depth:
            log(message, *args)
            return
        if self.calls is None:
            self.calls = deque(maxlen=_MAX_DEFERRED_CALLS)
        self.calls.append(partial(log, message, *args))


deferred_logging = _DeferredLogging()


class _Delivering(Depth):
    """Marks a thread that delivers events: `with delivering:`.

    A program may track log records as events. Delivery logs, and urllib3 logs each request. If
    these records were sent at once, that would be logged again, and so on for ever. So what a
    thread tracks inside such a block waits for the next flush.
    """

    __slots__ = ()

    def is_active(self) -> bool:
        """Return whether this thread is inside such a block."""
        return bool(self.depth)

    @contextmanager
    def suspended(self) -> Generator[None]:
        """Run the program's own code, whose events are sent as usual."""
        depth, self.depth = self.depth, 0
        try:
            yield
        finally:
            self.depth = depth


delivering = _Delivering()


class RateLimitedLogger:
    """Logs each message at most once a minute, then says how often it was suppressed.

    Attributes:
        logger: The logger that it writes to.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self._next: dict[str, float] = {}
        self._suppressed: dict[str, int] = {}

    def warning(self, message: str, *args: object) -> None:
        """Log a warning, unless the same message was logged less than a minute ago."""
        if self._is_due(message):
            self._log(self.logger.warning, message, args)

    def error(self, message: str, *args: object, exc_info: BaseException | None = None) -> None:
        """Log an error, unless the same message was logged less than a minute ago.

        Args:
            message: Formatted with the arguments.
            args: The arguments.
            exc_info: An exception whose traceback is logged, too.
        """
        if self._is_due(message):
            self._log(partial(self.logger.error, exc_info=exc_info), message, args)

    def _log(self, log: Callable[..., None], message: str, args: tuple[object, ...]) -> None:
        suppressed = self._suppressed.pop(message, 0)
        suffix = f" ({suppressed} more in the last minute)" if suppressed else ""
        deferred_logging.log(log, "%s%s", message % args, suffix)

    def _is_due(self, message: str) -> bool:
        # Without a lock: a finalizer may re-enter this method, and an extra line does no harm.
        now = time.monotonic()
        if now < self._next.get(message, now):
            self._suppressed[message] = self._suppressed.get(message, 0) + 1
            return False
        self._next[message] = now + _INTERVAL_SECONDS
        return True
