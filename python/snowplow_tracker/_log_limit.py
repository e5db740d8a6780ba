"""Log lines that may repeat, at most once a minute each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

_SECONDS = 60.0


class OncePerMinute:
    """Logs each message once a minute at most, and then says how often it was held back."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._next: dict[str, float] = {}
        self._held_back: dict[str, int] = {}

    def warning(self, message: str, *args: object) -> None:
        """Log a warning, unless the same message was logged less than a minute ago."""
        # No lock: a finaliser may come back here, and a line too many does no harm.
        now = time.monotonic()
        if now < self._next.get(message, now):
            self._held_back[message] = self._held_back.get(message, 0) + 1
            return
        self._next[message] = now + _SECONDS
        held_back = self._held_back.pop(message, 0)
        suffix = f" ({held_back} more in the last minute)" if held_back else ""
        self._logger.warning("%s%s", message % args, suffix)
