"""`Report` and `DeadRecord`: what became of the records of a bulk load."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DeadRecord", "Report"]


class Report(NamedTuple):
    """What became of the records so far: `read` = `delivered` + `dead` + `undelivered`.

    Attributes:
        read: Number of records that were put. A record with several events counts as so many.
        sent: Number of events that the collector has answered for: `delivered` + `refused`.
        delivered: Number of events that the collector has accepted.
        refused: Number of events that the collector refused for good, or that fit no request.
        dead: Number of records that will never be delivered: `refused`, and those that are no
            event or are invalid.
        undelivered: Number of events that are neither delivered nor dead.
        reasons: Number of dead records by reason, such as "invalid" or "refused 400".
        bytes: Bytes of request bodies sent, repeated attempts included.
        requests: Number of requests, repeated attempts included.
        seconds: Seconds since the first record.
        last_error: The last error of a request, a text. None if there was none.
    """

    read: int = 0
    sent: int = 0
    delivered: int = 0
    refused: int = 0
    dead: int = 0
    undelivered: int = 0
    reasons: Mapping[str, int] = {}
    bytes: int = 0
    requests: int = 0
    seconds: float = 0.0
    last_error: str | None = None

    @property
    def rate(self) -> float:
        """Delivered events per second."""
        return self.delivered / self.seconds if self.seconds > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return all numbers, `rate` included, as a dict for JSON."""
        numbers = {**self._asdict(), "reasons": dict(self.reasons)}
        return {**numbers, "seconds": round(self.seconds, 3), "rate": round(self.rate, 1)}

    def to_json(self) -> str:
        """Return the report as one line of JSON."""
        return json.dumps(self.as_dict())


class DeadRecord(NamedTuple):
    """A record that will never be delivered.

    Attributes:
        reason: "unreadable", "invalid", "too large", or "refused" and the status.
        errors: What is wrong, in words.
        record: The record as it was put; of a refused event, its payload.
        place: What `put` was given as the record's place.
    """

    reason: str
    errors: tuple[str, ...]
    record: Any
    place: Any = None
