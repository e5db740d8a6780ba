"""Bulk loads: records to a collector, each with a known outcome."""

from __future__ import annotations

from snowplow_tracker.bulk.errors import RecordError
from snowplow_tracker.bulk.interruptions import StoppedError, UnavailableError
from snowplow_tracker.bulk.places import Position
from snowplow_tracker.bulk.report import DeadRecord, Report
from snowplow_tracker.bulk.sender import Sender
from snowplow_tracker.bulk.sending import send

__all__ = [
    "DeadRecord",
    "Position",
    "RecordError",
    "Report",
    "Sender",
    "StoppedError",
    "UnavailableError",
    "send",
]
