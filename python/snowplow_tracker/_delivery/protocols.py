"""Contracts between the parts of delivery. Types only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing_extensions import Self

    from snowplow_tracker.typing import PayloadDictList

__all__ = ["Batch", "Dispatcher", "Divisible", "PendingBatches"]


class Batch(Protocol):
    """The events of one request."""

    body: bytes

    def __len__(self) -> int:
        """Return the number of events."""
        ...

    def events(self) -> PayloadDictList:
        """Return the events as dicts, `stm` included."""
        ...


class PendingBatches(Protocol):
    """Batches in the order in which they are sent. The store counts their events as in flight."""

    def peek(self) -> Batch | None:
        """Return the next batch; None after the last."""
        ...

    def split_first(self) -> None:
        """Replace the next batch with its halves."""
        ...

    def ack_first(self) -> None:
        """Have the store forget the next batch: it has its outcome."""
        ...

    def requeue_all(self) -> None:
        """Put all pending events back into the store, in their original order."""
        ...


class Divisible(Protocol):
    """A batch that can be split."""

    def __len__(self) -> int: ...

    def part(self, start: int, end: int) -> Self: ...


class Dispatcher(Protocol):
    """Runs the last delivery of an emitter on the right thread."""

    def deliver(self, deadline: float | None) -> None:
        """Send what is stored, or have an overridden `flush` do it.

        Args:
            deadline: When to stop waiting for it, on the clock of `time.monotonic`.
        """

    def stop(self) -> None:
        """End the threads, after what they were asked for."""

    def abandon(self) -> None:
        """End the threads: the program has dropped the emitter, which is about to be closed."""
