"""This package's loggers. They are made at their first use: `logging` is slow to import."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator
    from typing import Any

__all__ = ["find_logger", "lazy_logger"]


def find_logger(name: str) -> logging.Logger:
    """Return the logger of a name. It leaves out handlers whose stream is closed.

    At exit, or after a test of pytest, the stream that a handler was made with may be closed. The
    handler would print a traceback for each record, and raise if `sys.stderr` is closed:
    https://docs.python.org/3/library/logging.html#logging.Handler.handleError
    """
    import logging  # noqa: PLC0415 - see the top of this module

    logger = logging.getLogger(name)
    logger.addFilter(_has_open_streams)  # a filter that is there already is not added again
    return logger


def lazy_logger(name: str) -> logging.Logger:
    """Return the logger of a module that `import snowplow_tracker` loads, not made yet.

    Such a module keeps it as `_logger`. If programs know the module, its `__getattr__` returns
    the real one as `logger`, which they may patch: records then go to what is there instead.
    """
    logger: Any = _LazyLogger(name)
    made_later: logging.Logger = logger
    return made_later


class _LazyLogger:
    """Stands for a logger. Its methods are the logger's own, which find their caller."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        patched = getattr(sys.modules.get(self._name), "__dict__", {}).get("logger")
        return getattr(find_logger(self._name) if patched is None else patched, attribute)


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
