"""`FlushTimer`: flushes an emitter after a time, on a daemon thread."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Protocol

from snowplow_tracker._lifecycle.process import exit_has_begun
from snowplow_tracker._logging import deferred_logging, delivering

if TYPE_CHECKING:

    class Flushable(Protocol):
        """The part of an emitter that a timer calls."""

        def flush(self) -> None:
            """Send what is stored."""


__all__ = ["FlushTimer"]

logger = logging.getLogger("snowplow_tracker.emitters")

_NEVER = float("inf")
_EXPIRED = -_NEVER


class _Countdown(threading.Event):
    """The time until a flush. The event is set when the countdown is cancelled.

    Attributes:
        timeout: Length in seconds.
        due: When it ends, on the clock of `time.monotonic`.
        expires: Until when it counts as active, on the same clock.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self.timeout = timeout
        self.due = time.monotonic() + timeout
        self.expires = _NEVER


class FlushTimer:
    """Flushes an emitter after a time, once or repeatedly, on a daemon thread.

    Args:
        emitter: The emitter to flush.
        repeating: Whether to go on until cancelled.

    Attributes:
        interval: Seconds of the last start.
    """

    __module__ = "snowplow_tracker.emitters"

    def __init__(self, emitter: Flushable, repeating: bool) -> None:
        self.__emitter = emitter
        self.__repeating = repeating
        self.__lock = threading.RLock()
        self.__countdown: _Countdown | None = None
        self.interval = 0.0

    def start(self, timeout: float) -> bool:
        """Flush `timeout` seconds from now. Returns False, without effect, while it is active."""
        with self.__lock:
            if self.is_active():
                return False
            countdown = self.__countdown = _Countdown(timeout)
        return self.__start_thread(countdown)

    def postpone(self, timeout: float) -> None:
        """Flush `timeout` seconds from now at the earliest."""
        countdown = _Countdown(timeout)
        with self.__lock:
            before = self.__countdown
            if before is not None and self.is_active():
                if before.due >= countdown.due:
                    return
                before.set()
            self.__countdown = countdown
        self.__start_thread(countdown)

    def cancel(self) -> None:
        """Stop. A flush that has begun goes on."""
        with self.__lock:
            countdown, self.__countdown = self.__countdown, None
        if countdown is not None:
            countdown.set()

    def is_active(self) -> bool:
        """Return whether a flush is due."""
        countdown = self.__countdown
        return countdown is not None and time.monotonic() < countdown.expires

    def __start_thread(self, countdown: _Countdown) -> bool:
        self.interval = countdown.timeout
        try:
            threading.Thread(
                target=self.__run, args=(countdown,), name="snowplow-flush-timer", daemon=True
            ).start()
        except BaseException as error:
            # Without a thread, a retry still waits for the time: callers ask `is_active`.
            countdown.expires = _EXPIRED if self.__repeating else countdown.due
            if not isinstance(error, RuntimeError):  # KeyboardInterrupt, for example
                raise
            if not exit_has_begun():
                deferred_logging.log(logger.warning, "Cannot start a flush timer: %s", error)
            return False
        return True

    def __run(self, countdown: _Countdown) -> None:
        while not countdown.wait(countdown.timeout):
            if not self.__repeating:
                countdown.expires = _EXPIRED
            try:
                self.__emitter.flush()
            except BaseException:  # a callback may raise anything; the next flush is still due
                with delivering:
                    logger.exception("A timed flush raised an exception")
            if not self.__repeating:
                return
