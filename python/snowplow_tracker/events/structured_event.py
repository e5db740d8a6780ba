"""`StructuredEvent`: an event of category, action, label, property and value."""

from __future__ import annotations

from snowplow_tracker._native import StructuredEvent

__all__ = ["StructuredEvent"]
