"""`FlushTimer`: flushes an emitter after a time, on a daemon thread."""

from __future__ import annotations

import threading
import time

from snowplow_tracker._lifecycle.process import exit_has_begun
from snowplow_tracker._locks import sections
from snowplow_tracker._loggers import lazy_logger
from snowplow_tracker._logging import delivering, log_unlocked
from snowplow_tracker._threads import WakeUps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Flushable(Protocol):
        """The part of an emitter that a timer calls."""

        def flush(self) -> None:
            """Send what is stored."""


__all__ = ["FlushTimer"]

_logger = lazy_logger("snowplow_tracker.emitters")

_NEVER = float("inf")
_EXPIRED = -_NEVER


class _Countdown:
    """The time until a flush.

    Attributes:
        timeout: Length in seconds.
        due: When it ends, on the clock of `time.monotonic`.
        expires: Until when it counts as active, on the same clock.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.due = time.monotonic() + timeout
        self.expires = _NEVER
        self._is_cancelled = False
        self._cancelled = WakeUps()  # not an event of `threading`, whose lock is not re-entrant

    def is_active(self) -> bool:
        """Return whether it has neither expired nor failed to start."""
        return time.monotonic() < self.expires

    def cancel(self) -> None:
        """End it without a flush."""
        self._is_cancelled = True
        self._cancelled.notify()

    def wait(self, new_lock: Callable[[], Any]) -> bool:
        """Wait for its length. Returns whether it was cancelled. See `WakeUps.wait_for`."""
        end = time.monotonic() + self.timeout
        return self._cancelled.wait_for(lambda: self._is_cancelled, end, new_lock)


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
        self.__countdown: _Countdown | None = None
        self.interval = 0.0

    def start(self, timeout: float) -> bool:
        """Flush `timeout` seconds from now. Returns False, without effect, while it is active."""
        countdown = _Countdown(timeout)
        with sections, sections.short:
            if self.is_active():
                return False
            before, self.__countdown = self.__countdown, countdown
        if before is not None:  # a signal handler may have started it after the first line
            before.cancel()
        return self.__start_thread(countdown)

    def postpone(self, delay: Callable[[bool], float]) -> None:
        """Flush some seconds from now at the earliest.

        Args:
            delay: Returns the seconds. It is told whether the timer is active.
        """
        with sections, sections.short:
            is_active = self.is_active()
            countdown = _Countdown(delay(is_active))
            before = self.__countdown
            if is_active and before is not None and before.due >= countdown.due:
                return
            before, self.__countdown = self.__countdown, countdown
        if before is not None:
            before.cancel()
        self.__start_thread(countdown)

    def cancel(self) -> None:
        """Stop. A flush that has begun goes on."""
        with sections, sections.short:
            countdown, self.__countdown = self.__countdown, None
        if countdown is not None:
            countdown.cancel()

    def is_active(self) -> bool:
        """Return whether a flush is due."""
        countdown = self.__countdown
        return countdown is not None and countdown.is_active()

    def __start_thread(self, countdown: _Countdown) -> bool:
        self.interval = countdown.timeout
        if sections.is_active():  # `Thread.start` waits until the thread runs
            sections.defer(self.__start_thread, countdown)
            return True
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
                log_unlocked(_logger.warning, "Cannot start a flush timer: %s", error)
            return False
        return True

    def __run(self, countdown: _Countdown) -> None:
        # A thread of the system stays one after `threading` was patched.
        new_lock = threading.Lock
        while not countdown.wait(new_lock):
            if not self.__repeating:
                countdown.expires = _EXPIRED
            try:
                self.__emitter.flush()
            except BaseException:  # a callback may raise anything; the next flush is still due
                with delivering, delivering.mark():
                    _logger.exception("A timed flush raised an exception")
            if not self.__repeating:
                return
