"""`Event`: the base class of all events, and of those that programs define."""

from __future__ import annotations

from snowplow_tracker._native import Event

__all__ = ["Event"]
