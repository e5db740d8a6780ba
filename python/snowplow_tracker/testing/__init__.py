"""Assert what a program tracks, with pytest, unittest or behave.

pytest has fixtures for it: see "Test what you track" in the documentation. With other frameworks,
use `RecordingEmitter`, or `Snowplow` with the journal of a `CollectorServer`.
"""

from __future__ import annotations

from snowplow_tracker.testing.assertions import Snowplow
from snowplow_tracker.testing.recording import RecordingEmitter
from snowplow_tracker.testing.sources import EventSource, MicroSource
from snowplow_tracker.testing.tracked_event import TrackedEvent

__all__ = ["EventSource", "MicroSource", "RecordingEmitter", "Snowplow", "TrackedEvent"]
