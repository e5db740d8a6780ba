"""`PageView`: a visit of a page."""

from __future__ import annotations

from snowplow_tracker._native import PageView

__all__ = ["PageView"]
