"""When to log: what may repeat once a minute at most, and nothing while a lock is held."""

from __future__ import annotations

import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

_SECONDS = 60.0
_MOST_LINES = 1_000


class _AfterLocks(threading.local):
    """Around a lock: what `log` is given meanwhile is logged when the lock is let go.

    The handler of a program may track what is logged. While it is at that on one thread, it keeps
    other threads that log waiting, and they must not keep what it waits for.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._lines: deque[Callable[[], None]] = deque(maxlen=_MOST_LINES)

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        while self._lines and not self._depth:
            self._lines.popleft()()

    def log(self, log: Callable[..., None], message: str, *args: object) -> None:
        if self._depth:
            self._lines.append(partial(log, message, *args))
        else:
            log(message, *args)


after_locks = _AfterLocks()


class OncePerMinute:
    """Logs each message once a minute at most, and then says how often it was held back.

    Attributes:
        logger: Where to.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self._next: dict[str, float] = {}
        self._held_back: dict[str, int] = {}

    def warning(self, message: str, *args: object) -> None:
        """Log a warning, unless the same message was logged less than a minute ago."""
        if self._is_due(message):
            after_locks.log(self.logger.warning, "%s%s", message % args, self._repetition(message))

    def error(self, message: str, *args: object) -> None:
        """Log an error, unless the same message was logged less than a minute ago."""
        if self._is_due(message):
            after_locks.log(self.logger.error, "%s%s", message % args, self._repetition(message))

    def _is_due(self, message: str) -> bool:
        # No lock: a finaliser may come back here, and a line too many does no harm.
        now = time.monotonic()
        if now < self._next.get(message, now):
            self._held_back[message] = self._held_back.get(message, 0) + 1
            return False
        self._next[message] = now + _SECONDS
        return True

    def _repetition(self, message: str) -> str:
        held_back = self._held_back.pop(message, 0)
        return f" ({held_back} more in the last minute)" if held_back else ""
