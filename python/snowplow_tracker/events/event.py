"""`Event`: the base of all events, and an event of one's own making."""

from __future__ import annotations

from snowplow_tracker._native import Event

__all__ = ["Event"]
