"""`SelfDescribing`: an event whose data has a schema."""

from __future__ import annotations

from snowplow_tracker._native import SelfDescribing

__all__ = ["SelfDescribing"]
