"""Whether everything that was stored at some moment has been delivered since."""

from __future__ import annotations

import itertools
from _weakrefset import WeakSet  # `threading` imports it; `weakref` imports more

from snowplow_tracker._locks import sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Sending", "Watermark", "Watermarks"]


class Sending:
    """A thread that takes events from the store and sends them, from its begin to its end."""

    __slots__ = ("__weakref__", "number")

    def __init__(self, number: int) -> None:
        self.number = number


class Watermark:
    """What was stored at one moment.

    Attributes:
        after: Number of the last event that makes it necessary to look at the store once more.
        pending: Numbers of the threads that may still be sending it; None while it may be stored.
        is_rejected: Whether an event was given up since, which may be one of these.
    """

    __slots__ = ("_tell", "after", "is_rejected", "pending")

    def __init__(self, after: int, tell: Callable[[bool], None]) -> None:
        self.after = after
        self.pending: set[int] | None = None
        self.is_rejected = False
        self._tell = tell

    def resolve(self, is_delivered: bool) -> None:
        """Tell whether all of it was delivered."""
        self._tell(is_delivered and not self.is_rejected)


class Watermarks:
    """Finds out when everything has been delivered that was stored at some moment.

    It counts no events: others arrive meanwhile, and a durable store has a file. A thread that
    began later than that moment, and has sent all that it found in the store, leaves nothing there
    that was stored before it began. The rest is what other threads are sending at that time. So
    everything is delivered when these have ended as well, unless events were requeued meanwhile.
    Then it begins again.

    Args:
        in_flight: Returns how many events have been taken from the store, and have no outcome.
    """

    def __init__(self, in_flight: Callable[[], int]) -> None:
        self._in_flight = in_flight
        self._numbers = itertools.count(1)  # `next` is atomic
        # Weak: a signal handler may raise an exception before `end` is called.
        self._sending: WeakSet[Sending] = WeakSet()
        self._watermarks: list[Watermark] = []

    def add(self, tell: Callable[[bool], None]) -> Watermark:
        """Watch over what is stored now.

        Args:
            tell: Called once, with whether all of it was delivered, on the thread that finds out.
        """
        watermark = Watermark(next(self._numbers), tell)
        with sections, sections.short:
            self._watermarks.append(watermark)
        return watermark

    def discard(self, watermark: Watermark) -> bool:
        """Watch no longer. Returns whether it was still watched."""
        with sections, sections.short:
            is_watched = watermark in self._watermarks
            if is_watched:
                self._watermarks.remove(watermark)
        return is_watched

    def are_watched(self) -> bool:
        """Return whether anybody waits for a delivery."""
        return bool(self._watermarks)

    def begin(self) -> Sending:
        """Note that this thread is about to take events from the store."""
        sending = Sending(next(self._numbers))
        self._sending.add(sending)
        return sending

    def end(self, sending: Sending, *, is_emptied: bool, is_requeued: bool) -> None:
        """Note that this thread has no more events.

        Args:
            sending: What `begin` returned.
            is_emptied: Whether it has taken all that it found in the store, and all had an outcome.
            is_requeued: Whether it may have put events back into the store.
        """
        self._sending.discard(sending)
        if not self._watermarks:
            return
        if is_requeued:
            self._begin_again()
        else:
            self._look(sending if is_emptied else None)

    def look_again(self) -> None:
        """Look whether anything that is waited for is delivered by now."""
        if self._watermarks:
            self._look(None)

    def record(self, retried: int, rejected: int) -> None:
        """Note the outcome of a request, after its events were requeued or forgotten."""
        if self._watermarks and rejected:
            for watermark in list(self._watermarks):
                watermark.is_rejected = True
        if self._watermarks and retried:
            self._begin_again()

    def resolve_all(self, is_delivered: bool) -> None:
        """Tell all who wait: the emitter is closed, nothing more is sent."""
        for watermark in list(self._watermarks):
            if self.discard(watermark):
                watermark.resolve(is_delivered)

    def _begin_again(self) -> None:
        with sections, sections.short:
            after = next(self._numbers)
            for watermark in self._watermarks:
                watermark.after, watermark.pending = after, None

    def _look(self, emptied: Sending | None) -> None:
        with sections, sections.short:
            sending = {each.number for each in list(self._sending)}
            for watermark in self._watermarks:
                if watermark.pending is not None:
                    watermark.pending &= sending
                elif emptied is not None and emptied.number > watermark.after:
                    watermark.pending = set(sending)
            delivered = [each for each in self._watermarks if each.pending == set()]
        # A program may take events from the store by itself, and be sending them.
        if not delivered or (not sending and self._in_flight()):
            return
        for watermark in delivered:
            # Another thread may have requeued events meanwhile, or have been faster.
            if watermark.pending is not None and self.discard(watermark):
                watermark.resolve(is_delivered=True)
