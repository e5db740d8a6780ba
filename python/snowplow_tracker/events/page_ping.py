"""`PagePing`: a sign that a visitor is still on a page."""

from __future__ import annotations

from snowplow_tracker._native import PagePing

__all__ = ["PagePing"]
