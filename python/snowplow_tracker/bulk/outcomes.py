"""`Outcomes`: which events have their outcome, and up to where all of them have."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from snowplow_tracker._native import RecordBatch

__all__ = ["Outcomes", "Refusal"]


class Refusal(NamedTuple):
    """Consecutive events that the collector has refused.

    Attributes:
        first: The number of the first event.
        batch: The events.
        status: The status of the response. None if they fit no request.
    """

    first: int
    batch: RecordBatch
    status: int | None

    @property
    def reason(self) -> str:
        """The reason, for the report."""
        return "too large" if self.status is None else f"refused {self.status}"

    @property
    def error(self) -> str:
        """What was wrong, in words."""
        if self.status is None:
            return "larger than a request may be"
        return f"the collector responded with HTTP {self.status}"


class Outcomes:
    """Counts events by their numbers: 0 for the first one, and so on.

    Events leave in batches of consecutive numbers, whose outcomes come in any order. Only batches
    beyond the first event without an outcome are remembered.

    Attributes:
        watermark: All events below this number have their outcome.
        finished: Number of events that have one.
        delivered: Number of events that the collector has accepted.
        refusals: Refused events that nobody has looked at. They have no outcome until then.
        last_success: When the collector last accepted events, on the clock of `time.monotonic`.
    """

    def __init__(self) -> None:
        self.watermark = 0
        self.finished = 0
        self.delivered = 0
        self.refusals: deque[Refusal] = deque()
        self.last_success = float("-inf")
        self._beyond: dict[int, int] = {}  # end by first number

    def record_delivered(self, first: int, count: int) -> None:
        """Count events as delivered."""
        self.last_success = time.monotonic()
        self.delivered += count
        self.record_finished(first, count)

    def record_finished(self, first: int, count: int) -> None:
        """Note that events have their outcome."""
        self.finished += count
        if first != self.watermark:
            self._beyond[first] = first + count
            return
        end: int | None = first + count
        while end is not None:
            self.watermark = end
            end = self._beyond.pop(end, None)
