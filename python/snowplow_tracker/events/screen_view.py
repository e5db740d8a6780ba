"""`ScreenView`: a view of a screen of an app."""

from __future__ import annotations

from snowplow_tracker._native import ScreenView

__all__ = ["ScreenView"]
