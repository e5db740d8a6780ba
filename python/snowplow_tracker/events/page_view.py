"""`PageView`: a page was viewed."""

from __future__ import annotations

from snowplow_tracker._native import PageView

__all__ = ["PageView"]
