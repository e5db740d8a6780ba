"""`StructuredEvent`: an action in a category, with label, property and value."""

from __future__ import annotations

from snowplow_tracker._native import StructuredEvent

__all__ = ["StructuredEvent"]
