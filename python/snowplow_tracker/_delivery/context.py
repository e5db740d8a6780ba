"""The state that the parts of one emitter's delivery share: stage, numbers, waiting threads."""

from __future__ import annotations

import itertools
import time

from snowplow_tracker._delivery.callbacks import Callbacks
from snowplow_tracker._delivery.circuit_breaker import CircuitBreaker
from snowplow_tracker._delivery.queue import EventQueue
from snowplow_tracker._delivery.watermarks import Watermarks
from snowplow_tracker._locks import sections
from snowplow_tracker._threads import WakeUps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from snowplow_tracker._delivery.host import DeliveryHost

__all__ = ["Completions", "Counters", "DeliveryContext", "EmitterState"]


class DeliveryContext:
    """The state of one emitter that several parts of its delivery read and change.

    Attributes:
        host: The emitter, with its hooks.
        state: Whether it is open.
        counters: The numbers for `stats`.
        breaker: Which threads may send.
        completions: Wakes threads that wait for a request.
        callbacks: Runs `on_success` and `on_failure`.
        queue: The store.
        watermarks: Tells when what is stored at some moment has been delivered.
    """

    def __init__(self, host: DeliveryHost) -> None:
        self.host = host
        self.state = EmitterState()
        self.counters = Counters()
        self.breaker = CircuitBreaker()
        self.completions = Completions()
        self.callbacks = Callbacks(host)
        self.queue = EventQueue(host, self.completions.notify)
        self.watermarks = Watermarks(self.queue.in_flight)


class EmitterState:
    """The stages of an emitter: not yet open, open, closing, closed.

    Attributes:
        is_open: Whether it accepts events.
        is_closing: Whether a thread is in the middle of closing it.
        is_closed: Whether its last delivery has ended, and what it left was logged.
        is_unbuffered: Whether it sends each event at once: the interpreter is exiting.
        deadline: When its last delivery has to end, on the clock of `time.monotonic`; None
            before it begins.
        undelivered: Number of events that its last delivery has left.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.is_closing = False
        self.is_closed = False
        self.is_unbuffered = False
        self.deadline: float | None = None
        self.undelivered = 0

    def is_past_deadline(self) -> bool:
        """Return whether the time of the last delivery is over."""
        return self.deadline is not None and time.monotonic() > self.deadline

    def limit(
        self, timeout: float | tuple[float | None, float | None]
    ) -> float | tuple[float | None, float | None]:
        """Return a request's time-out, shortened to what the deadline leaves of it.

        Args:
            timeout: Seconds to connect and to read, one number for both or a pair.
        """
        if self.deadline is None:
            return timeout
        if not isinstance(timeout, tuple):
            # A `urllib3.Timeout` cannot be read before its request has begun.
            timeout = (timeout, timeout) if isinstance(timeout, int | float) else (None, None)
        connect, read = timeout
        left = max(self.deadline - time.monotonic(), 0.001)
        return _earlier(connect, left), _earlier(read, left)


class Counters:
    """Counts events by outcome, and requests. Safe to use from several threads.

    Attributes:
        last_error: Why the last failed request failed; None before the first failure.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = dict.fromkeys(
            ("sent", "retried", "rejected", "dropped", "bytes", "requests"), 0
        )
        self.last_error: str | None = None

    def add(self, **counts: int) -> None:
        """Add to counters by name."""
        with sections, sections.short:
            for name, count in counts.items():
                self._counts[name] += count

    def snapshot(self) -> dict[str, int]:
        """Return all counters as of one moment."""
        with sections, sections.short:
            return dict(self._counts)


class Completions:
    """Wakes threads that wait for what a completed request changes.

    Attributes:
        count: Number of completed requests so far.
    """

    def __init__(self) -> None:
        self._completed = WakeUps()
        self._numbers = itertools.count(1)  # `next` is atomic
        self.count = 0

    def notify(self) -> None:
        """Count a completed request, and wake the threads that wait."""
        self.count = next(self._numbers)
        self._completed.notify()

    def wait_until(self, condition: Callable[[], bool], deadline: float) -> None:
        """Wait until a condition holds after some request, or until a deadline."""
        self._completed.wait_for(condition, deadline)

    def wait_for_next(self, count: int, deadline: float) -> None:
        """Wait until more than `count` requests have completed, or until a deadline."""
        self.wait_until(lambda: self.count != count, deadline)


def _earlier(timeout: float | None, left: float) -> float:
    return left if timeout is None else min(timeout, left)
