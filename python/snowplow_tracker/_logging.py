"""Logging that cannot flood and cannot deadlock: rate limits, and calls deferred past a lock."""

from __future__ import annotations

import time
from functools import partial

from snowplow_tracker._locks import Deferral, sections
from snowplow_tracker._threads import Mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from typing import Any

__all__ = ["RateLimitedLogger", "delivering", "log_unlocked"]

_INTERVAL_SECONDS = 60.0
_MAX_DEFERRED_CALLS = 1_000


def log_unlocked(log: Callable[..., None], message: str, *args: object) -> None:
    """Call `log(message, *args)` now, or when this thread has left its section.

    A program's log handler may itself call `track()`. If this package logged while holding its
    lock, it would deadlock with a thread that holds the handler's lock and waits for that lock.
    """
    if not sections.is_active():
        log(message, *args)
    elif len(sections.calls) < _MAX_DEFERRED_CALLS:
        sections.defer(log, message, *args)


class _Delivering(Deferral):
    """Marks a thread that delivers events: `with delivering, delivering.mark():`.

    A program may track log records as events. Delivery logs, and urllib3 logs each request. If
    these records were sent at once, that would be logged again, and so on for ever. So what a
    thread tracks inside such a block waits for the next flush. A `close()` waits for the end of
    the block: the connection is in use.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mark = Mark()

    def is_active(self) -> bool:
        """Return whether this thread is inside such a block."""
        return self.mark.is_active()

    def suspended(self) -> _Suspended:
        """Run the program's own code in a `with` block: its events are sent as usual."""
        return _Suspended(self.mark())


class _Suspended:
    """Sets a mark back for a block. A class: `contextlib` is slow to import."""

    __slots__ = ("_depth", "_mark")

    def __init__(self, mark: Any) -> None:
        self._mark = mark
        self._depth: Any = None

    def __enter__(self) -> None:
        if self._mark._is_owned():  # noqa: SLF001 - as `threading.Condition` does
            self._depth = self._mark._release_save()  # noqa: SLF001 - see above

    def __exit__(self, *_: object) -> None:
        if self._depth is not None:
            self._mark._acquire_restore(self._depth)  # noqa: SLF001 - see above


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
        log_unlocked(log, "%s%s", message % args, suffix)

    def _is_due(self, message: str) -> bool:
        # Without a lock: a finalizer may re-enter this method, and an extra line does no harm.
        now = time.monotonic()
        if now < self._next.get(message, now):
            self._suppressed[message] = self._suppressed.get(message, 0) + 1
            return False
        self._next[message] = now + _INTERVAL_SECONDS
        return True
