"""Log lines that may repeat, at most once a minute each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

_SECONDS = 60.0


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
            self.logger.warning("%s%s", message % args, self._repetition(message))

    def error(self, message: str, *args: object) -> None:
        """Log an error, unless the same message was logged less than a minute ago."""
        if self._is_due(message):
            self.logger.error("%s%s", message % args, self._repetition(message))

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
