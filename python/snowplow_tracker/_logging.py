"""Logging that cannot flood and cannot deadlock: rate limits, and calls deferred past a lock."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from snowplow_tracker._locks import Deferral, sections
from snowplow_tracker._threads import Mark

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator, Iterator

__all__ = ["RateLimitedLogger", "delivering", "log_unlocked", "skip_closed_streams"]

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

    @contextmanager
    def suspended(self) -> Generator[None]:
        """Run the program's own code, whose events are sent as usual."""
        mark = self.mark()
        depth = mark._release_save() if mark._is_owned() else None  # noqa: SLF001 - as `threading`
        try:
            yield
        finally:
            if depth is not None:
                mark._acquire_restore(depth)  # noqa: SLF001 - see above


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


def skip_closed_streams(logger: logging.Logger) -> logging.Logger:
    """Have a logger leave out handlers whose stream is closed. Returns the logger.

    At exit, or after a test of pytest, the stream that a handler was made with may be closed. The
    handler would print a traceback for each record, and raise if `sys.stderr` is closed:
    https://docs.python.org/3/library/logging.html#logging.Handler.handleError
    """
    logger.addFilter(_has_open_streams)
    return logger


def _has_open_streams(record: logging.LogRecord) -> bool:
    """Filter a record. If a stream is closed, hand the record to the other handlers."""
    handlers = list(_handlers_of(record.name))
    if not any(map(_is_closed, handlers)):
        return True
    for handler in handlers:
        if record.levelno >= handler.level and not _is_closed(handler):
            handler.handle(record)
    return False


def _handlers_of(name: str) -> Iterator[logging.Handler]:
    """Yield the handlers that `Logger.callHandlers` would call."""
    import logging  # noqa: PLC0415 - whoever logs has imported it

    last_resort, first = logging.lastResort, logging.getLogger(name)
    if last_resort is not None and not first.hasHandlers():
        yield last_resort
    logger: logging.Logger | None = first
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def _is_closed(handler: logging.Handler) -> bool:
    stream = getattr(handler, "stream", handler)
    if stream is None:  # files are opened when they are needed
        return not hasattr(handler, "baseFilename")
    return bool(getattr(stream, "closed", False))
