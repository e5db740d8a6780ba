"""`PagePing`: a page is still being viewed."""

from __future__ import annotations

from snowplow_tracker._native import PagePing

__all__ = ["PagePing"]
