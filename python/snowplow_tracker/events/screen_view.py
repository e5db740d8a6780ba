"""`ScreenView`: a screen of an app was viewed."""

from __future__ import annotations

from snowplow_tracker._native import ScreenView

__all__ = ["ScreenView"]
